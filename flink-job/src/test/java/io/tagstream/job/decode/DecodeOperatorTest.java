package io.tagstream.job.decode;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.SeenImage;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.DataSize;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.Settings;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.util.TestingTaskManagerRuntimeInfo;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecodeOperatorTest {
  private static final Instant CAPTURED = Instant.parse("2012-12-03T10:00:00Z");
  private static final Instant APPENDED = Instant.parse("2012-12-03T10:00:01Z");
  private static final WireFormat<Image> FORMAT = WireFormat.of(Image.class);

  private OneInputStreamOperatorTestHarness<IncomingRecord, DecodedImage> harness;

  @BeforeEach
  void open() throws Exception {
    harness =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(
                new DecodeOperator(
                    new CropGeometry(32, 24),
                    2,
                    new ImageSettings(
                        new DataSize(100_000),
                        10_000,
                        DataSize.ofMebibytes(64),
                        Duration.ofSeconds(30)),
                    new Topics(""),
                    NotePlace.nowhere())));
    harness.open();
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
  }

  private static byte[] png(int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.RED);
    graphics.fillRect(0, 0, width, height);
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  private static Image.Builder image() {
    return Image.newBuilder().setId("rose").setAttributes(Map.of());
  }

  private byte[] send(byte[] value) throws Exception {
    send("images", true, value);
    return value;
  }

  private void send(String topic, boolean brokerTime, byte[] value) throws Exception {
    harness.processElement(
        new StreamRecord<>(
            new IncomingRecord(new Coordinates(topic, 1, 7), APPENDED, brokerTime, value),
            APPENDED.toEpochMilli()));
  }

  private RejectedImage rejection() {
    assertThat(harness.extractOutputValues()).isEmpty();
    assertThat(harness.getSideOutput(DecodeOperator.REJECTED)).hasSize(1);
    RejectedImage rejected = harness.getSideOutput(DecodeOperator.REJECTED).element().getValue();
    assertThat(rejected.source).isEqualTo(new Coordinates("images", 1, 7));
    assertThat(rejected.reason).isNotBlank();
    return rejected;
  }

  @Test
  void notesTheImageBeingDecodedInTheTaskManagersFolder(@TempDir Path folder) throws Exception {
    DecodeOperator operator =
        new DecodeOperator(
            new CropGeometry(32, 24),
            2,
            Settings.defaults().get(ImageSettings.class),
            new Topics(""),
            NotePlace.ofTaskManager("pictures"));
    OneInputStreamOperatorTestHarness<IncomingRecord, DecodedImage> other =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(operator),
            new MockEnvironmentBuilder()
                .setTaskManagerRuntimeInfo(
                    new TestingTaskManagerRuntimeInfo(new Configuration(), folder.toString()))
                .build());
    try {
      other.open();
      assertThat(folder.resolve("tagstream-suspects").resolve("pictures"))
          .isDirectoryContaining("glob:**.notes");
    } finally {
      other.close();
    }
  }

  @Test
  void decodesAnImageIntoCropsAndKeepsItsFields() throws Exception {
    send(
        FORMAT.encode(
            image()
                .setContent(ByteBuffer.wrap(png(40, 60)))
                .setLabel("roses")
                .setCapturedAt(CAPTURED)
                .build()));
    assertThat(harness.getSideOutput(DecodeOperator.REJECTED)).isNullOrEmpty();
    DecodedImage decoded = harness.extractOutputValues().get(0);
    assertThat(decoded.source).isEqualTo(new Coordinates("images", 1, 7));
    assertThat(decoded.imageId).isEqualTo("rose");
    assertThat(decoded.truth).isEqualTo(new TrueLabel("roses", "producer", APPENDED));
    assertThat(decoded.again).isFalse();
    assertThat(decoded.capturedAt).isEqualTo(CAPTURED);
    assertThat(decoded.appendedAt).isEqualTo(APPENDED);
    assertThat(decoded.pixels).hasSize(2 * 24 * 24 * 3);
    assertThat(decoded.pixels).startsWith(255, 0, 0);
    assertThat(harness.extractOutputStreamRecords().get(0).getTimestamp())
        .isEqualTo(APPENDED.toEpochMilli());
  }

  @Test
  void aRecordThatIsNotAvroIsRejectedWithItsBytes() throws Exception {
    byte[] value = send("hello".getBytes(UTF_8));
    RejectedImage rejected = rejection();
    assertThat(rejected.stage).isEqualTo(RejectionStage.AVRO);
    assertThat(rejected.imageId).isNull();
    assertThat(rejected.content).isEqualTo(value);
  }

  @Test
  void anEmptyRecordIsRejected() throws Exception {
    send(new byte[0]);
    assertThat(rejection().stage).isEqualTo(RejectionStage.AVRO);
  }

  @Test
  void aUriIsRejectedUntilFetchingExists() throws Exception {
    byte[] value = send(FORMAT.encode(image().setUri("http://127.0.0.1/rose.jpg").build()));
    RejectedImage rejected = rejection();
    assertThat(rejected.stage).isEqualTo(RejectionStage.FETCH);
    // A uri may be as long as the record, which the rejection's content already holds.
    assertThat(rejected.reason).doesNotContain("127.0.0.1");
    assertThat(rejected.imageId).isEqualTo("rose");
    assertThat(rejected.content).isEqualTo(value);
  }

  @Test
  void bothContentAndUriAreRejected() throws Exception {
    send(
        FORMAT.encode(
            image().setUri("http://127.0.0.1/").setContent(ByteBuffer.wrap(png(9, 9))).build()));
    RejectedImage rejected = rejection();
    assertThat(rejected.stage).isEqualTo(RejectionStage.AVRO);
    assertThat(rejected.reason).endsWith("both");
  }

  @Test
  void neitherContentNorUriIsRejected() throws Exception {
    send(FORMAT.encode(image().build()));
    assertThat(rejection().reason).endsWith("neither");
  }

  @Test
  void undecodableContentIsRejectedAndTheNextImageDecodes() throws Exception {
    send(FORMAT.encode(image().setContent(ByteBuffer.wrap("text".getBytes(UTF_8))).build()));
    assertThat(rejection().stage).isEqualTo(RejectionStage.DECODE);
    send(FORMAT.encode(image().setContent(ByteBuffer.wrap(png(40, 40))).build()));
    assertThat(harness.extractOutputValues()).hasSize(1);
  }

  @Test
  void moreBytesThanAllowedAreRejected() throws Exception {
    send(FORMAT.encode(image().setContent(ByteBuffer.allocate(100_001)).build()));
    assertThat(rejection().stage).isEqualTo(RejectionStage.LIMIT);
  }

  @Test
  void morePixelsThanAllowedAreRejected() throws Exception {
    send(FORMAT.encode(image().setContent(ByteBuffer.wrap(png(101, 100))).build()));
    assertThat(rejection().stage).isEqualTo(RejectionStage.LIMIT);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1025, 2_000_000})
  void anIdThatIsEmptyOrTooLongForAKeyIsRejectedWithoutIt(int length) throws Exception {
    byte[] value =
        send(
            FORMAT.encode(
                image().setId("x".repeat(length)).setContent(ByteBuffer.wrap(png(9, 9))).build()));
    RejectedImage rejected = rejection();
    assertThat(rejected.stage).isEqualTo(RejectionStage.AVRO);
    assertThat(rejected.imageId).isNull();
    assertThat(rejected.reason).contains("id has " + length + " bytes");
    assertThat(rejected.content).isEqualTo(value);
  }

  static List<Map<String, String>> unusableAttributes() {
    return List.of(
        Map.of("group", "x".repeat(257)),
        Map.of("group", "two\nlines"),
        Map.of("\u001b[2J", ""),
        Map.of("x".repeat(1 << 20), ""));
  }

  /** The training store keeps a group indefinitely. */
  @ParameterizedTest
  @MethodSource("unusableAttributes")
  void invalidAttributesAreRejected(Map<String, String> attributes) throws Exception {
    ByteBuffer content = ByteBuffer.wrap(png(40, 40));
    byte[] value =
        send(FORMAT.encode(image().setAttributes(attributes).setContent(content).build()));
    RejectedImage rejected = rejection();
    assertThat(rejected.stage).isEqualTo(RejectionStage.AVRO);
    assertThat(rejected.imageId).isEqualTo("rose");
    assertThat(rejected.reason).contains("attribute");
    assertThat(rejected.content).isEqualTo(value);
  }

  @Test
  void anIdWithControlCharactersIsRejectedWithoutIt() throws Exception {
    ByteBuffer content = ByteBuffer.wrap(png(40, 40));
    send(FORMAT.encode(image().setId("a\nb").setContent(content).build()));
    assertThat(rejection().imageId).isNull();
    assertThat(rejection().reason).isEqualTo("the id holds the control character U+000A");
  }

  @Test
  void anIdIsMeasuredInBytes() throws Exception {
    ByteBuffer content = ByteBuffer.wrap(png(40, 40));
    send(FORMAT.encode(image().setId("ä".repeat(512)).setContent(content).build()));
    assertThat(harness.extractOutputValues()).hasSize(1);
    send(FORMAT.encode(image().setId("ä".repeat(513)).setContent(content).build()));
    assertThat(harness.extractOutputValues()).hasSize(1);
    assertThat(harness.getSideOutput(DecodeOperator.REJECTED)).hasSize(1);
  }

  static List<String> unusableLabels() {
    return List.of("", " ", "two\nlines", "x".repeat(257));
  }

  @ParameterizedTest
  @MethodSource("unusableLabels")
  void aLabelThatCannotBeUsedIsRejected(String label) throws Exception {
    send(FORMAT.encode(image().setContent(ByteBuffer.wrap(png(9, 9))).setLabel(label).build()));
    RejectedImage rejected = rejection();
    assertThat(rejected.stage).isEqualTo(RejectionStage.LABEL);
    assertThat(rejected.imageId).isEqualTo("rose");
    assertThat(rejected.reason).startsWith("the label");
  }

  @Test
  void aLabelIsNormalized() throws Exception {
    String label = " ".repeat(2_000_000) + "cafe\u0301";
    send(FORMAT.encode(image().setContent(ByteBuffer.wrap(png(40, 40))).setLabel(label).build()));
    assertThat(harness.extractOutputValues().get(0).truth.label()).isEqualTo("caf\u00e9");
  }

  @Test
  void anUnlabelledTopicEmitsCoordinatesAndNoTrainingRow() throws Exception {
    send(FORMAT.encode(image().setContent(ByteBuffer.wrap(png(40, 40))).setLabel("roses").build()));
    assertThat(harness.getSideOutput(DecodeOperator.SEEN))
        .singleElement()
        .extracting(StreamRecord::getValue)
        .isEqualTo(new SeenImage("rose", new Coordinates("images", 1, 7), APPENDED));
    assertThat(harness.getSideOutput(DecodeOperator.TRAINING)).isNullOrEmpty();
  }

  @Test
  void aLabelledImageEmitsATrainingRowWithItsBytes() throws Exception {
    byte[] picture = png(40, 40);
    send(
        "labeled-images",
        true,
        FORMAT.encode(
            image()
                .setContent(ByteBuffer.wrap(picture))
                .setLabel(" roses ")
                .setAttributes(Map.of("group", "garden"))
                .build()));
    TrainingRow row = harness.getSideOutput(DecodeOperator.TRAINING).element().getValue();
    assertThat(row)
        .usingRecursiveComparison()
        .isEqualTo(
            TrainingRow.labelled(
                "rose",
                "roses",
                Optional.of("garden"),
                APPENDED,
                "producer",
                new Coordinates("labeled-images", 1, 7),
                picture));
    // A later label may correct the producer's.
    assertThat(harness.getSideOutput(DecodeOperator.SEEN))
        .singleElement()
        .extracting(StreamRecord::getValue)
        .isEqualTo(new SeenImage("rose", new Coordinates("labeled-images", 1, 7), APPENDED));
    assertThat(harness.extractOutputValues()).hasSize(1);
  }

  @Test
  void aLabelFromTheFutureIsDatedNow() throws Exception {
    Instant before = Instant.now();
    byte[] value =
        FORMAT.encode(image().setContent(ByteBuffer.wrap(png(40, 40))).setLabel("roses").build());
    Coordinates source = new Coordinates("labeled-images", 1, 7);
    harness.processElement(
        new StreamRecord<>(
            new IncomingRecord(source, before.plus(Duration.ofDays(365)), false, value)));
    TrainingRow row = harness.getSideOutput(DecodeOperator.TRAINING).element().getValue();
    assertThat(row.at).isBetween(before, Instant.now());
    assertThat(harness.extractOutputValues().get(0).truth.at()).isEqualTo(row.at);
  }

  @Test
  void anImageFromTheFutureIsDatedNow() throws Exception {
    Instant before = Instant.now();
    byte[] value = FORMAT.encode(image().setContent(ByteBuffer.wrap(png(40, 40))).build());
    harness.processElement(
        new StreamRecord<>(
            new IncomingRecord(
                new Coordinates("images", 1, 7), before.plus(Duration.ofDays(365)), false, value)));
    assertThat(harness.getSideOutput(DecodeOperator.SEEN).element().getValue().at())
        .isBetween(before, Instant.now());
  }

  @Test
  void anUnreadableRecordIsNotSeenAndAnUnlabelledImageIsNoTrainingRow() throws Exception {
    byte[] broken =
        FORMAT.encode(
            image().setContent(ByteBuffer.wrap("text".getBytes(UTF_8))).setLabel("roses").build());
    send("images", true, broken);
    send("labeled-images", true, broken);
    assertThat(harness.getSideOutput(DecodeOperator.SEEN)).isNullOrEmpty();
    send(
        "labeled-images",
        true,
        FORMAT.encode(image().setContent(ByteBuffer.wrap(png(40, 40))).build()));
    assertThat(harness.getSideOutput(DecodeOperator.SEEN)).hasSize(1);
    assertThat(harness.getSideOutput(DecodeOperator.TRAINING)).isNullOrEmpty();
  }

  @Test
  void warnsOfProducersClocksOncePerTopic() throws Exception {
    byte[] value = FORMAT.encode(image().setContent(ByteBuffer.wrap(png(40, 40))).build());
    try (Warnings warnings = new Warnings(DecodeOperator.class)) {
      send("images", true, value);
      assertThat(warnings.messages).isEmpty();
      send("images", false, value);
      send("labeled-images", false, value);
      send("images", false, value);
      assertThat(warnings.messages)
          .containsExactly(producersClock("images"), producersClock("labeled-images"));
    }
  }

  private static String producersClock(String topic) {
    return "appendedAt of "
        + topic
        + " comes from the producers' clocks, because its message.timestamp.type is not LogAppendTime; tagstream topics sets it";
  }

  /** The warnings that a class logs while this is open. */
  private static final class Warnings extends AbstractAppender implements AutoCloseable {
    final List<String> messages = new ArrayList<>();
    private final Logger logger;

    Warnings(Class<?> source) {
      super("warnings", null, null, true, Property.EMPTY_ARRAY);
      logger = (Logger) LogManager.getLogger(source);
      start();
      logger.addAppender(this);
      // The tests' log configuration is off otherwise.
      logger.setLevel(Level.WARN);
    }

    @Override
    public void append(LogEvent event) {
      if (event.getLevel().equals(Level.WARN)) {
        messages.add(event.getMessage().getFormattedMessage());
      }
    }

    @Override
    public void close() {
      logger.removeAppender(this);
      stop();
    }
  }
}
