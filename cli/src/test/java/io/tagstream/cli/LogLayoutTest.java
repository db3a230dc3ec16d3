package io.tagstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Filter.Result;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.filter.BurstFilter;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.core.lookup.Interpolator;
import org.apache.logging.log4j.core.lookup.StrSubstitutor;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Tests every Log4j configuration that is shipped: text from a record cannot forge a line, and an
 * outage of the broker does not fill the log.
 */
class LogLayoutTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path CLUSTER = ROOT.resolve("infra/docker/log4j-console.properties");
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
    Document document;
    try (InputStream in = Files.newInputStream(xml)) {
      document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
    }
    Map<String, String> values = new HashMap<>();
    for (Element property : elements(document, "Property")) {
      values.put(property.getAttribute("name"), property.getTextContent());
    }
    for (Element layout : elements(document, "PatternLayout")) {
      layouts.add(
          shipped(
              xml,
              layout.getAttribute("pattern"),
              layout.getAttribute("alwaysWriteExceptions"),
              values));
    }
    Properties properties = clusterProperties();
    Map<String, String> named = new HashMap<>();
    for (String key : properties.stringPropertyNames()) {
      named.put(key.replaceFirst("^property\\.", ""), properties.getProperty(key));
    }
    for (String appender : List.of("console", "rolling")) {
      String prefix = "appender.%s.layout.".formatted(appender);
      layouts.add(
          shipped(
              CLUSTER,
              properties.getProperty(prefix + "pattern"),
              properties.getProperty(prefix + "alwaysWriteExceptions"),
              named));
    }
    return layouts.stream();
  }

  private static Properties clusterProperties() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(CLUSTER)) {
      properties.load(in);
    }
    return properties;
  }

  private static List<Element> elements(Document document, String tag) {
    NodeList found = document.getElementsByTagName(tag);
    return IntStream.range(0, found.getLength()).mapToObj(i -> (Element) found.item(i)).toList();
  }

  /**
   * Builds only the layout, because loading the whole configuration would open its log files.
   *
   * @param values of the configuration's properties
   */
  private static Shipped shipped(
      Path file, String pattern, String writeExceptions, Map<String, String> values) {
    // Stack traces are only logged with --verbose.
    System.setProperty("tagstream.log.exceptions", "full");
    String whole = new StrSubstitutor(new Interpolator(values)).replace(pattern);
    System.clearProperty("tagstream.log.exceptions");
    return new Shipped(
        file,
        PatternLayout.newBuilder()
            .withConfiguration(new DefaultConfiguration())
            .withPattern(whole)
            .withAlwaysWriteExceptions(Boolean.parseBoolean(writeExceptions))
            .build());
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

  /** Flink's operator mounts its own log configuration over the image's. */
  @Test
  void kubernetesHasTheImagesLayouts() throws IOException {
    List<String> image =
        Files.readAllLines(CLUSTER).stream()
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .map("      "::concat)
            .toList();
    assertThat(Files.readAllLines(ROOT.resolve("infra/kubernetes/tagstream.yaml")))
        .containsAll(image);
  }

  static Stream<Map<String, String>> limits() throws Exception {
    Element launcher;
    try (InputStream in = Files.newInputStream(ROOT.resolve("cli/src/main/resources/log4j2.xml"))) {
      Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
      launcher = elements(document, "BurstFilter").get(0);
    }
    String logger = ((Element) launcher.getParentNode().getParentNode()).getAttribute("name");
    Map<String, String> ofLauncher = new HashMap<>(Map.of("logger", logger));
    Map<String, String> ofCluster = new HashMap<>();
    Properties cluster = clusterProperties();
    ofCluster.put("logger", cluster.getProperty("logger.networkclient.name"));
    for (String key : List.of("level", "rate", "maxBurst")) {
      ofLauncher.put(key, launcher.getAttribute(key));
      ofCluster.put(key, cluster.getProperty("logger.networkclient.filter.burst." + key));
    }
    return Stream.of(ofLauncher, ofCluster);
  }

  @ParameterizedTest
  @MethodSource("limits")
  void clientWarningsInAnOutageAreRateLimited(Map<String, String> limit) {
    assertThat(limit).containsEntry("logger", "org.apache.kafka.clients.NetworkClient");
    BurstFilter filter =
        BurstFilter.newBuilder()
            .setLevel(Level.valueOf(limit.get("level")))
            .setRate(Float.parseFloat(limit.get("rate")))
            .setMaxBurst(Long.parseLong(limit.get("maxBurst")))
            .build();
    LogEvent warning = new Log4jLogEvent.Builder().setLevel(Level.WARN).build();
    LogEvent error = new Log4jLogEvent.Builder().setLevel(Level.ERROR).build();
    assertThat(IntStream.range(0, 400).filter(i -> filter.filter(warning) != Result.DENY).count())
        .isEqualTo(10);
    assertThat(filter.filter(error)).isNotEqualTo(Result.DENY);
  }

  private static String text(Shipped shipped, Log4jLogEvent.Builder event) {
    LogEvent whole = event.setLevel(Level.WARN).setLoggerName("io.tagstream.Test").build();
    return shipped.layout().toSerializable(whole);
  }
}
