package io.tagstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationFactory;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Of every configuration of Log4j that we ship, that nothing a record says can forge a line. */
class LogLayoutTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String FORGED =
      "no label 'a\r\n12:00:00 ERROR Model: deleted \u001b[2J\u009b2J\u202egpj.exe\u2028'";

  /** A file and one of the layouts in it. */
  record Shipped(Path file, PatternLayout layout) {
    @Override
    public String toString() {
      return ROOT.relativize(file) + " " + layout.getConversionPattern();
    }
  }

  static Stream<Shipped> layouts() throws Exception {
    List<Shipped> layouts = new ArrayList<>();
    Path xml = ROOT.resolve("cli/src/main/resources/log4j2.xml");
    try (InputStream in = Files.newInputStream(xml)) {
      NodeList found =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(in)
              .getElementsByTagName("PatternLayout");
      for (int i = 0; i < found.getLength(); i++) {
        Element element = (Element) found.item(i);
        // A stack trace comes with --verbose alone.
        System.setProperty("tagstream.log.exceptions", "full");
        layouts.add(
            new Shipped(
                xml,
                layout(
                    configuration(xml),
                    element.getAttribute("pattern"),
                    element.getAttribute("alwaysWriteExceptions"))));
        System.clearProperty("tagstream.log.exceptions");
      }
    }
    Path cluster = ROOT.resolve("infra/docker/log4j-console.properties");
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(cluster)) {
      properties.load(in);
    }
    for (String appender : List.of("console", "rolling")) {
      String prefix = "appender.%s.layout.".formatted(appender);
      layouts.add(
          new Shipped(
              cluster,
              layout(
                  configuration(cluster),
                  properties.getProperty(prefix + "pattern"),
                  properties.getProperty(prefix + "alwaysWriteExceptions"))));
    }
    return layouts.stream();
  }

  private static Configuration configuration(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      URI where = file.toUri();
      Configuration configuration =
          ConfigurationFactory.getInstance()
              .getConfiguration(
                  new LoggerContext("test"), new ConfigurationSource(in, where.toURL()));
      configuration.initialize();
      return configuration;
    }
  }

  private static PatternLayout layout(Configuration in, String pattern, String writeExceptions) {
    return PatternLayout.newBuilder()
        .withConfiguration(in)
        .withPattern(in.getStrSubstitutor().replace(pattern))
        .withAlwaysWriteExceptions(Boolean.parseBoolean(writeExceptions))
        .build();
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void aMessageIsOneLine(Shipped shipped) {
    String text = text(shipped, new Log4jLogEvent.Builder().setMessage(new SimpleMessage(FORGED)));
    assertThat(text.lines()).hasSize(1);
    assertThat(text)
        .contains("no label 'a\\r\\n12:00:00 ERROR Model: deleted ?[2J?2J?gpj.exe?'")
        .doesNotContain("\u001b", "\u009b", "\u202e", "\u2028");
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void aStackTraceKeepsItsLines(Shipped shipped) {
    Exception thrown = new IllegalStateException(FORGED, new IOException("disk\nfull\n\nagain"));
    thrown.addSuppressed(new IOException("also\nthis"));
    String text =
        text(
            shipped,
            new Log4jLogEvent.Builder().setMessage(new SimpleMessage("failed")).setThrown(thrown));
    assertThat(text.lines().skip(1))
        .isNotEmpty()
        .allMatch(
            line ->
                line.startsWith("\t")
                    || line.startsWith("Caused by: ")
                    || line.startsWith("java.lang.IllegalStateException: no label"));
    assertThat(text)
        .contains("\tat io.tagstream.cli.LogLayoutTest", "Caused by: java.io.IOException: disk")
        .contains("Suppressed: java.io.IOException: also")
        .doesNotContain("\n12:00:00 ERROR", "\u001b", "\u009b", "\u202e", "\u2028");
  }

  /** The operator mounts a configuration of its own over the image's. */
  @Test
  void kubernetesHasTheImagesLayouts() throws IOException {
    List<String> image =
        Files.readAllLines(ROOT.resolve("infra/docker/log4j-console.properties")).stream()
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .map("      "::concat)
            .toList();
    assertThat(Files.readAllLines(ROOT.resolve("infra/kubernetes/tagstream.yaml")))
        .containsAll(image);
  }

  private static String text(Shipped shipped, Log4jLogEvent.Builder event) {
    LogEvent whole = event.setLevel(Level.WARN).setLoggerName("io.tagstream.Test").build();
    return shipped.layout().toSerializable(whole);
  }
}
