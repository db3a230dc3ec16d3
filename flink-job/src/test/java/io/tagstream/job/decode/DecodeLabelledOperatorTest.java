package io.tagstream.job.decode;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LabelledRecord;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.DataSize;
import io.tagstream.settings.ImageSettings;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DecodeLabelledOperatorTest {
  private static final Coordinates PLACE = new Coordinates("images", 1, 7);
  private static final Coordinates LABEL = new Coordinates("labels", 0, 1);
  private static final Instant APPENDED = Instant.parse("2012-12-03T10:00:01Z");
  private static final TrueLabel TRUTH =
      new TrueLabel("roses", "random", Instant.parse("2012-12-03T11:00:00Z"));
  private static final WireFormat<Image> FORMAT = WireFormat.of(Image.class);

  private OneInputStreamOperatorTestHarness<LabelledRecord, DecodedImage> harness;

  @BeforeEach
  void open() throws Exception {
    harness =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(
                new DecodeLabelledOperator(
                    new CropGeometry(32, 24),
                    2,
                    new ImageSettings(
                        new DataSize(100_000),
                        10_000,
                        DataSize.ofMebibytes(64),
                        Duration.ofSeconds(30)),
                    NotePlace.nowhere())));
    harness.open();
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
  }

  private static byte[] png() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB), "png", bytes);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] image(String id, byte[] content) {
    return FORMAT.encode(
        Image.newBuilder()
            .setId(id)
            .setContent(ByteBuffer.wrap(content))
            .setLabel("tulips")
            .setAttributes(Map.of("group", "garden"))
            .build());
  }

  private void send(byte[] value) throws Exception {
    harness.processElement(
        new StreamRecord<>(
            new LabelledRecord(
                new GivenLabel(LABEL, "rose", TRUTH, new byte[] {7}),
                new IncomingRecord(PLACE, APPENDED, true, value))));
  }

  @Test
  void emitsTheImageForTheModelAndForTheStoreUnderItsNewLabel() throws Exception {
    byte[] picture = png();
    send(image("rose", picture));
    DecodedImage decoded = harness.extractOutputValues().get(0);
    assertThat(decoded.again).isTrue();
    assertThat(decoded.source).isEqualTo(PLACE);
    assertThat(decoded.imageId).isEqualTo("rose");
    assertThat(decoded.truth).isEqualTo(TRUTH);
    assertThat(decoded.appendedAt).isEqualTo(APPENDED);
    assertThat(decoded.pixels).hasSize(2 * 24 * 24 * 3);
    assertThat(harness.getSideOutput(DecodeOperator.TRAINING))
        .singleElement()
        .extracting(StreamRecord::getValue)
        .usingRecursiveComparison()
        .isEqualTo(
            TrainingRow.labelled(
                "rose", "roses", Optional.of("garden"), TRUTH.at(), "random", LABEL, picture));
    assertThat(harness.getSideOutput(DecodeOperator.REJECTED)).isNullOrEmpty();
  }

  static List<Arguments> useless() {
    return List.of(
        Arguments.of("it holds the image 'tulip'", image("tulip", png())),
        Arguments.of("images-1@7", image("rose", "text".getBytes(UTF_8))),
        Arguments.of("bytes", image("rose", new byte[100_001])),
        Arguments.of("no Avro single object", "hello".getBytes(UTF_8)),
        Arguments.of("empty", new byte[0]));
  }

  @ParameterizedTest
  @MethodSource("useless")
  void rejectsALabelWhoseRecordIsNotItsImage(String reason, byte[] value) throws Exception {
    send(value);
    assertThat(harness.extractOutputValues()).isEmpty();
    assertThat(harness.getSideOutput(DecodeOperator.TRAINING)).isNullOrEmpty();
    RejectedImage rejected = harness.getSideOutput(DecodeOperator.REJECTED).element().getValue();
    assertThat(rejected.stage).isEqualTo(RejectionStage.LABEL);
    assertThat(rejected.source).isEqualTo(new Coordinates("labels", 0, 1));
    assertThat(rejected.imageId).isEqualTo("rose");
    assertThat(rejected.content).containsExactly(7);
    assertThat(rejected.reason).contains(reason);
  }
}
