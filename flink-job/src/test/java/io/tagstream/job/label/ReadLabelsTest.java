package io.tagstream.job.label;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.PlacedLabel;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.WireFormat;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadLabelsTest {
  private static final Coordinates HERE = new Coordinates("labels", 2, 5);
  private static final Instant APPENDED = Instant.parse("2012-12-03T10:00:01Z");
  private static final WireFormat<Label> FORMAT = WireFormat.of(Label.class);

  private OneInputStreamOperatorTestHarness<IncomingRecord, PlacedLabel> harness;

  @BeforeEach
  void open() throws Exception {
    harness = new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new ReadLabels()));
    harness.open();
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
  }

  private static Label.Builder label() {
    return Label.newBuilder()
        .setImageId("rose")
        .setLabel("roses")
        .setAnnotator("ann")
        .setLabeledAt(Instant.EPOCH)
        .setOrigin("random");
  }

  private byte[] send(byte[] value) throws Exception {
    harness.processElement(new StreamRecord<>(new IncomingRecord(HERE, APPENDED, true, value)));
    return value;
  }

  /** A record of a topic without LogAppendTime, from a sender whose clock runs ahead. */
  private void sendFromTheFuture(Label.Builder label) throws Exception {
    Instant future = Instant.now().plus(Duration.ofDays(365));
    byte[] value = FORMAT.encode(label.build());
    harness.processElement(new StreamRecord<>(new IncomingRecord(HERE, future, false, value)));
  }

  private byte[] send(Label.Builder label) throws Exception {
    return send(FORMAT.encode(label.build()));
  }

  private <T> T only(OutputTag<T> tag) {
    Queue<StreamRecord<T>> side = harness.getSideOutput(tag);
    assertThat(side).hasSize(1);
    assertThat(harness.extractOutputValues()).isEmpty();
    return side.element().getValue();
  }

  @Test
  void aLabelWithASourceIsPlaced() throws Exception {
    byte[] value = send(label().setSource(new Source("images", 1, 7L)));
    PlacedLabel placed = harness.extractOutputValues().get(0);
    assertThat(placed.image()).isEqualTo(new Coordinates("images", 1, 7));
    assertThat(placed.label())
        .usingRecursiveComparison()
        .isEqualTo(new GivenLabel(HERE, "rose", new TrueLabel("roses", "random", APPENDED), value));
    assertThat(harness.getSideOutput(ReadLabels.UNPLACED)).isNullOrEmpty();
  }

  @Test
  void aLabelWithoutASourceIsUnplaced() throws Exception {
    send(label().setLabel("  cafe\u0301 "));
    assertThat(only(ReadLabels.UNPLACED).truth.label()).isEqualTo("caf\u00e9");
  }

  @Test
  void anUnknownOriginIsKept() throws Exception {
    send(label().setOrigin("dream"));
    assertThat(only(ReadLabels.UNPLACED).truth.origin()).isEqualTo("dream");
  }

  @Test
  void aWithdrawalNeedsNoImage() throws Exception {
    send(label().setLabel((String) null).setSource(new Source("images", 1, 7L)));
    TrainingRow row = only(DecodeOperator.TRAINING);
    assertThat(row)
        .usingRecursiveComparison()
        .isEqualTo(TrainingRow.withdrawn("rose", false, APPENDED, "random", HERE));
    assertThat(harness.getSideOutput(ReadLabels.UNPLACED)).isNullOrEmpty();
  }

  @Test
  void anImageOfNoClassIsWithdrawnAsUnknown() throws Exception {
    send(label().setLabel((String) null).setUnknown(true));
    assertThat(only(DecodeOperator.TRAINING))
        .usingRecursiveComparison()
        .isEqualTo(TrainingRow.withdrawn("rose", true, APPENDED, "random", HERE));
  }

  @Test
  void aLabelWithAClassAndUnknownIsRejected() throws Exception {
    send(label().setLabel("roses").setUnknown(true));
    RejectedImage rejected = only(DecodeOperator.REJECTED);
    assertThat(rejected.stage).isEqualTo(RejectionStage.LABEL);
    assertThat(rejected.reason).contains("'roses'", "unknown");
  }

  @Test
  void aLabelFromTheFutureIsDatedNow() throws Exception {
    Instant before = Instant.now();
    sendFromTheFuture(label());
    assertThat(only(ReadLabels.UNPLACED).truth.at()).isBetween(before, Instant.now());
  }

  @Test
  void aWithdrawalFromTheFutureIsDatedNow() throws Exception {
    Instant before = Instant.now();
    sendFromTheFuture(label().setLabel((String) null));
    assertThat(only(DecodeOperator.TRAINING).at).isBetween(before, Instant.now());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "two\nlines"})
  void aLabelThatCannotBeUsedIsRejected(String text) throws Exception {
    byte[] value = send(label().setLabel(text));
    RejectedImage rejected = only(DecodeOperator.REJECTED);
    assertThat(rejected.stage).isEqualTo(RejectionStage.LABEL);
    assertThat(rejected.source).isEqualTo(HERE);
    assertThat(rejected.imageId).isEqualTo("rose");
    assertThat(rejected.content).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1025})
  void anIdThatCannotBeUsedIsRejectedWithoutIt(int length) throws Exception {
    send(label().setImageId("x".repeat(length)));
    RejectedImage rejected = only(DecodeOperator.REJECTED);
    assertThat(rejected.stage).isEqualTo(RejectionStage.AVRO);
    assertThat(rejected.imageId).isNull();
  }

  /** Text that is kept with a label, in Flink's state and indefinitely in the training store. */
  @ParameterizedTest
  @ValueSource(strings = {"\u001b[2J", "two\nlines", "\u202egpj", "long"})
  void invalidTextOfOtherFieldsIsRejected(String text) throws Exception {
    String bad = text.equals("long") ? "x".repeat(1 << 20) : text;
    List<Label.Builder> labels =
        List.of(
            label().setOrigin(bad),
            label().setAnnotator(bad),
            label().setSource(new Source(bad, 0, 1L)),
            // Withdrawals are in the store too.
            label().setLabel((String) null).setOrigin(bad));
    for (Label.Builder label : labels) {
      send(label);
    }
    assertThat(harness.extractOutputValues()).isEmpty();
    assertThat(harness.getSideOutput(ReadLabels.UNPLACED)).isNullOrEmpty();
    assertThat(harness.getSideOutput(DecodeOperator.TRAINING)).isNullOrEmpty();
    assertThat(harness.getSideOutput(DecodeOperator.REJECTED))
        .hasSize(labels.size())
        .allSatisfy(
            element -> {
              assertThat(element.getValue().stage).isEqualTo(RejectionStage.LABEL);
              assertThat(element.getValue().imageId).isEqualTo("rose");
              assertThat(element.getValue().reason)
                  .containsAnyOf("has 1048576 characters", "holds the control character");
            });
  }

  @Test
  void anIdWithControlCharactersIsRejectedWithoutIt() throws Exception {
    send(label().setImageId("a\u009b2J"));
    RejectedImage rejected = only(DecodeOperator.REJECTED);
    assertThat(rejected.stage).isEqualTo(RejectionStage.AVRO);
    assertThat(rejected.imageId).isNull();
    assertThat(rejected.reason).isEqualTo("the id holds the control character U+009B");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hello"})
  void anUnreadableRecordIsRejectedWithItsBytes(String text) throws Exception {
    byte[] value = send(text.getBytes(UTF_8));
    RejectedImage rejected = only(DecodeOperator.REJECTED);
    assertThat(rejected.stage).isEqualTo(RejectionStage.AVRO);
    assertThat(rejected.source).isEqualTo(HERE);
    assertThat(rejected.content).isEqualTo(value);
  }
}
