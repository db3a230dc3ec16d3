package io.tagstream.pages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** Labels that look like markup, in text, in attributes and in SVG. The pages are parsed as XML. */
class HostileTextTest {
  private static final String QUOTES = "\"'`";

  private static Document parse(String page) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    // The page declares HTML's document type, which refers to no file.
    factory.setExpandEntityReferences(false);
    return factory.newDocumentBuilder().parse(new ByteArrayInputStream(page.getBytes(UTF_8)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<script>alert(1)</script>",
        "\" onload=\"alert(1)",
        "' onload='alert(1)",
        "</text></svg><script>alert(1)</script>",
        "</title><script>alert(1)</script>",
        "]]><script>alert(1)</script>",
        "<!-- -->",
        "&lt;b&gt; & &#60;",
        QUOTES
      })
  void aLabelIsTextWhereverItStands(String label) throws Exception {
    Chart chart =
        new Chart(
            label,
            label,
            label,
            List.of(new Chart.Line(label, List.of(new Chart.Point(1, 2)))),
            Optional.empty(),
            Optional.of(new Chart.Level(label, 1)),
            value -> "2");
    String content =
        "<p id=\"text\">%s</p><p id=\"attribute\" title=\"%s\"/><p id=\"name\">%s</p>%s"
            .formatted(Markup.text(label), Markup.text(label), Markup.name(label), chart.svg());

    Document page = parse(Page.html(label, "", Page.section(label, content)));

    assertThat(page.getElementsByTagName("script").getLength()).isZero();
    assertThat(page.getElementsByTagName("title").item(0).getTextContent()).isEqualTo(label);
    assertThat(page.getElementsByTagName("h2").item(0).getTextContent()).isEqualTo(label);
    Element paragraph = (Element) page.getElementsByTagName("p").item(1);
    assertThat(page.getElementsByTagName("p").item(0).getTextContent()).isEqualTo(label);
    assertThat(paragraph.getAttribute("title")).isEqualTo(label);
    assertThat(paragraph.getAttributes().getLength()).isEqualTo(2);
    assertThat(page.getElementsByTagName("p").item(2).getTextContent()).isEqualTo(label);
    Element svg = (Element) page.getElementsByTagName("svg").item(0);
    assertThat(svg.getAttribute("aria-label")).isEqualTo(label);
    assertThat(svg.getTextContent()).contains(label + " 2");
    assertThat(svg.getElementsByTagName("*").getLength())
        .isEqualTo(
            ((Element) parse(svgOf("x")).getElementsByTagName("svg").item(0))
                .getElementsByTagName("*")
                .getLength());
  }

  private static String svgOf(String label) {
    return Page.html(
        "",
        "",
        new Chart(
                label,
                label,
                label,
                List.of(new Chart.Line(label, List.of(new Chart.Point(1, 2)))),
                Optional.empty(),
                Optional.of(new Chart.Level(label, 1)),
                value -> "2")
            .svg());
  }
}
