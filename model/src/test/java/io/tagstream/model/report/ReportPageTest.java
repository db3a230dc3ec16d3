package io.tagstream.model.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.report.TrainingReport.LeftOut;
import io.tagstream.model.report.TrainingReport.Unreadable;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Verdict;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

class ReportPageTest {
  private static final List<String> CAT_AND_DOG = List.of("cat", "dog");
  private static final String EVIL = "<script>alert('\"&')</script>";

  @Test
  void foreignTextStaysText() throws Exception {
    TrainingReport report =
        new TrainingReport(
            EVIL,
            Optional.of(EVIL),
            Drawn.run(
                EVIL, EVIL, new LeftOut(List.of(new Unreadable(EVIL, EVIL)), Map.of(EVIL, 3), 1)),
            List.of(EVIL, "]]>\u0000 -->"),
            Drawn.epochs(2),
            List.of(Drawn.error(EVIL, 0.01), Drawn.prediction("b", 1, 0.1f, 0.9f)),
            List.of(Drawn.error(EVIL + "\u202e", 0.01)),
            Optional.of(evilVerdict()),
            Drawn.weights(2),
            Preprocessing.tagstream(16));

    Document page = parse(ReportPage.html(report));

    assertThat(elements(page, "script")).isEmpty();
    assertThat(page.getElementsByTagName("title").item(0).getTextContent()).contains(EVIL);
    assertThat(elements(page, "bdi"))
        .extracting(Element::getTextContent)
        .filteredOn(text -> text.startsWith(EVIL))
        .hasSizeGreaterThanOrEqualTo(12);
    assertThat(elements(page, "img").get(0).getAttribute("alt")).contains(EVIL);
  }

  @Test
  void thePageAsksForNothingFromElsewhere() throws Exception {
    Document page =
        parse(
            ReportPage.html(
                Drawn.report(
                    CAT_AND_DOG, Drawn.epochs(3), List.of(Drawn.error("a", 0.01)), List.of())));

    assertThat(elements(page, "img"))
        .extracting(image -> image.getAttribute("src"))
        .allMatch(source -> source.matches("data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+"));
    assertThat(List.of("link", "script", "iframe", "a", "object"))
        .allSatisfy(name -> assertThat(elements(page, name)).isEmpty());
    assertThat(page.getElementsByTagName("style").item(0).getTextContent())
        .doesNotContain("url(", "@import");
  }

  @Test
  void everyPictureAndChartIsDescribed() throws Exception {
    Document page =
        parse(
            ReportPage.html(
                Drawn.report(
                    CAT_AND_DOG, Drawn.epochs(3), List.of(Drawn.error("a/1", 0.01)), List.of())));

    assertThat(elements(page, "img"))
        .extracting(image -> image.getAttribute("alt"))
        .containsExactly(
            "a/1, labelled cat, predicted as dog",
            "a/1, labelled cat, predicted as dog",
            "The first layer's 4 kernels of tower 1",
            "The first layer's 4 kernels of tower 2");
    assertThat(elements(page, "svg"))
        .hasSize(5)
        .allSatisfy(svg -> assertThat(svg.getAttribute("role")).isEqualTo("img"))
        .first()
        .extracting(svg -> svg.getAttribute("aria-label"))
        .isEqualTo("Loss, mean of the epoch, nats: 1.6 after 800 image-steps, 0.533 after 2,400.");
    assertThat(elements(page, "th")).allMatch(header -> header.hasAttribute("scope"));
  }

  @Test
  void theWorstErrorsAndSuspectsAreBoundedInNumberAndBytes() throws Exception {
    List<LabelledPrediction> heldOut =
        IntStream.range(0, 100)
            .mapToObj(i -> Drawn.error("%03d".formatted(i), 0.049 - i * 0.0001))
            .toList();

    String html = ReportPage.html(Drawn.report(CAT_AND_DOG, Drawn.epochs(60), heldOut, heldOut));

    Document page = parse(html);
    assertThat(captions(page, "Worst errors"))
        .hasSize(24)
        .startsWith("dog0.961cat0.0391099", "dog0.961cat0.0392098");
    assertThat(captions(page, "Labels to check")).hasSize(24);
    assertThat(section(page, "Worst errors").getTextContent())
        .contains("100 errors on 100 held-out images; the 24 with the least probable labels");
    assertThat(section(page, "Labels to check").getTextContent()).contains("200 images");
    // Noise is the worst case: photos take a fifth of it.
    assertThat(html.getBytes(UTF_8).length).isLessThan(2_000_000);
  }

  @Test
  void suspectsAreThoseOfTheRuleOnImagesHeldOutAndTrainedOn() throws Exception {
    TrainingReport report =
        Drawn.report(
            List.of("cat", "dog", "cow"),
            Drawn.epochs(1),
            List.of(
                Drawn.prediction("suspect", 0, 0.03f, 0.95f, 0.02f),
                Drawn.prediction("own at 0.05", 0, 0.05f, 0.92f, 0.03f),
                Drawn.prediction("other at 0.9", 0, 0.04f, 0.9f, 0.06f),
                Drawn.prediction("sure and right", 1, 0.01f, 0.98f, 0.01f)),
            List.of(
                Drawn.prediction("undecided", 2, 0.5f, 0.46f, 0.04f),
                Drawn.prediction("learned by heart", 2, 0.97f, 0.02f, 0.01f)));

    Document page = parse(ReportPage.html(report));

    assertThat(captions(page, "Labels to check"))
        .containsExactly("cat0.970cow0.01learned by hearttrained on", "dog0.950cat0.03suspect");
    assertThat(captions(page, "Worst errors"))
        .containsExactly(
            "dog0.950cat0.03suspect", "dog0.900cat0.04other at 0.9", "dog0.920cat0.05own at 0.05");
  }

  @Test
  void aPictureThatIsGoneIsSaidToBe() throws Exception {
    LabelledPrediction gone =
        LabelledPrediction.of(
            "gone",
            0,
            new float[] {0.01f, 0.99f},
            () -> {
              throw new FileNotFoundException("no file any more");
            });
    LabelledPrediction broken =
        LabelledPrediction.of("broken", 0, new float[] {0.02f, 0.98f}, () -> new byte[] {1, 2, 3});

    String html =
        ReportPage.html(
            Drawn.report(CAT_AND_DOG, Drawn.epochs(1), List.of(gone, broken), List.of()));

    assertThat(section(parse(html), "Worst errors").getTextContent())
        .contains("cannot be shown: no file any more")
        .contains("dog0.980cat0.02broken");
    assertThat(html.split("cannot be shown: ", -1)).hasSize(1 + 4);
  }

  @Test
  void theConfusionOfFewClassesIsATable() throws Exception {
    TrainingReport report =
        Drawn.report(
            CAT_AND_DOG,
            Drawn.epochs(1),
            List.of(
                Drawn.error("a", 0.3), Drawn.error("b", 0.2), Drawn.prediction("c", 0, 0.9f, 0.1f)),
            List.of());

    Element table =
        (Element)
            section(parse(ReportPage.html(report)), "Confusion")
                .getElementsByTagName("tbody")
                .item(0);

    assertThat(cells(table))
        .containsExactly(List.of("1", "2", "3", "33.3\u00a0%"), List.of("0", "0", "0", "–"));
  }

  @ParameterizedTest
  @ValueSource(ints = {30, 31, 1000})
  void theConfusionOfManyClassesIsItsLargestNumbers(int classes) throws Exception {
    List<String> labels = new ArrayList<>();
    List<LabelledPrediction> heldOut = new ArrayList<>();
    for (int i = 0; i < classes; i++) {
      labels.add("a label of some length that goes on for a while ".repeat(5) + i);
      // Class 7 is predicted as 8 three times, each other class once as the next one.
      for (int times = 0; times < (i == 7 ? 3 : 1); times++) {
        float[] probabilities = new float[classes];
        Arrays.fill(probabilities, 0.4f / classes);
        probabilities[(i + 1) % classes] = 0.6f;
        heldOut.add(LabelledPrediction.of("id", i, probabilities, () -> new byte[0]));
      }
    }

    String html = ReportPage.html(Drawn.report(labels, Drawn.epochs(1), heldOut, List.of()));

    Element section = section(parse(html), "Confusion");
    List<List<String>> rows = cells((Element) section.getElementsByTagName("tbody").item(0));
    assertThat(rows).hasSize(30);
    if (classes == 30) {
      assertThat(rows.get(7)).hasSize(32).contains("3", "0.0\u00a0%");
    } else {
      assertThat(rows.get(0)).containsExactly(labels.get(7), labels.get(8), "3", "100.0\u00a0%");
      assertThat(section.getTextContent()).contains(classes == 31 ? "31 classes" : "1,000 classes");
    }
    assertThat(html.length()).isLessThan(400_000);
  }

  private static Verdict evilVerdict() {
    Verdict.Scores scores = new Verdict.Scores(0.5, 1);
    return new Verdict(
        Verdict.Outcome.NO_GAIN,
        EVIL,
        Optional.of(new Verdict.Incumbent(EVIL, scores)),
        scores,
        1,
        1,
        0.75,
        List.of(new Verdict.ClassFinding(EVIL, 2, 1, 1, 1, 1, 0.75, false)),
        Map.of(),
        2,
        0);
  }

  @Test
  void theVerdictIsATableOfWhoIsRight() throws Exception {
    Verdict verdict =
        Drawn.verdict(
            "worse in cat",
            Optional.of(new Verdict.Incumbent("the live one", new Verdict.Scores(0.76, 1))));

    Element section = section(parse(ReportPage.html(Drawn.judged(verdict))), "Gate: rejected");

    assertThat(section.getTextContent()).contains("worse in cat", "p = 0.994", "the live one");
    assertThat(cells((Element) section.getElementsByTagName("tbody").item(0)))
        .containsExactly(
            List.of("349", "b = 31", "380 (76.0\u00a0%)"),
            List.of("c = 53", "67", "120"),
            List.of("402 (80.4\u00a0%)", "98", "500"));
    assertThat(cells((Element) section.getElementsByTagName("tbody").item(1)))
        .containsExactly(
            List.of("300", "200", "182", "20", "2", "6×10⁻⁵", "worse"),
            List.of("200", "180", "220", "11", "51", "1", ""));
  }

  @Test
  void aFirstVersionIsComparedWithNothing() throws Exception {
    Verdict verdict = Drawn.verdict("the store's first version", Optional.empty());

    Element section = section(parse(ReportPage.html(Drawn.judged(verdict))), "Gate: rejected");

    assertThat(section.getTextContent()).contains("the store's first version");
    assertThat(elements(section, "table")).isEmpty();
  }

  @Test
  void whatWasLeftOutIsListedUpToABound() throws Exception {
    List<Unreadable> unreadable =
        IntStream.range(0, 1021).mapToObj(i -> new Unreadable("file " + i, "no picture")).toList();
    TrainingReport plain = Drawn.report(CAT_AND_DOG, Drawn.epochs(1), List.of(), List.of());
    TrainingReport report =
        new TrainingReport(
            plain.version(),
            plain.parent(),
            Drawn.run("paper", "data", new LeftOut(unreadable, Map.of("moss", 4), 12)),
            plain.labels(),
            plain.history(),
            plain.heldOut(),
            plain.training(),
            plain.verdict(),
            plain.weights(),
            plain.preprocessing());

    assertThat(section(parse(ReportPage.html(report)), "Left out").getTextContent())
        .contains("12 held-out images are nearly identical to a training image")
        .contains("1 class waits for more images")
        .contains("moss4")
        .contains("1,021 files could not be read")
        .contains("file 19no picture")
        .doesNotContain("file 20")
        .contains("and 1,001 more");
  }

  @Test
  void aRunWithoutMeasurementsStillHasAPage() throws Exception {
    String html = ReportPage.html(Drawn.report(CAT_AND_DOG, List.of(), List.of(), List.of()));

    Document page = parse(html);
    assertThat(html).doesNotContain("NaN");
    assertThat(elements(page, "h2"))
        .extracting(Element::getTextContent)
        .containsExactly(
            "Worst errors",
            "Labels to check",
            "The kernels of the first layer",
            "How it was made",
            "Left out");
    assertThat(section(page, "Left out").getTextContent()).contains("Nothing.");
    assertThat(section(page, "Labels to check").getTextContent())
        .contains("0 images", "Images trained on were not measured.");
  }

  @Test
  void speedIsAllImagesOverAllTheTime() throws Exception {
    Epoch slow = Drawn.epoch(100, 1, 0.5);
    List<Epoch> history =
        List.of(
            new Epoch(
                100,
                1,
                slow.learningRate(),
                slow.top1(),
                slow.top5(),
                OptionalDouble.of(10),
                slow.waiting()),
            new Epoch(
                400,
                1,
                slow.learningRate(),
                slow.top1(),
                slow.top5(),
                OptionalDouble.of(60),
                slow.waiting()),
            new Epoch(
                500,
                1,
                slow.learningRate(),
                slow.top1(),
                slow.top5(),
                OptionalDouble.empty(),
                slow.waiting()));

    Document page =
        parse(ReportPage.html(Drawn.report(CAT_AND_DOG, history, List.of(), List.of())));

    // 10 s for 100 and 5 s for 300; the last epoch's time is not known.
    assertThat(elements(page, "dl").get(0).getTextContent())
        .contains("images/s26.7", "time17 min 12 s");
  }

  @Test
  void thePageIsTheSameWhereverItIsWritten() throws Exception {
    TrainingReport report =
        Drawn.report(CAT_AND_DOG, Drawn.epochs(3), List.of(Drawn.error("a", 0.01)), List.of());
    String here = ReportPage.html(report);
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertThat(ReportPage.html(report)).isEqualTo(here);
    } finally {
      Locale.setDefault(before);
    }
  }

  private static Document parse(String html)
      throws ParserConfigurationException, SAXException, IOException {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(html.getBytes(UTF_8)));
  }

  private static Element section(Document page, String heading) {
    return elements(page, "section").stream()
        .filter(
            section -> section.getElementsByTagName("h2").item(0).getTextContent().equals(heading))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> captions(Document page, String heading) {
    return elements(section(page, heading), "figcaption").stream()
        .map(Element::getTextContent)
        .toList();
  }

  private static List<List<String>> cells(Element body) {
    return elements(body, "tr").stream()
        .map(row -> elements(row, "td").stream().map(Element::getTextContent).toList())
        .toList();
  }

  private static List<Element> elements(Document page, String name) {
    return list(page.getElementsByTagName(name));
  }

  private static List<Element> elements(Element under, String name) {
    return list(under.getElementsByTagName(name));
  }

  private static List<Element> list(NodeList nodes) {
    return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
  }
}
