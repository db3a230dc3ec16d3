package io.tagstream.job.label;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.PlacedLabel;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.SeenImage;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.settings.LabelSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LabelJoinTest {
  private static final Duration RETENTION = Duration.ofHours(24);
  private static final Duration WAIT = Duration.ofMinutes(10);

  /** Event time and processing time are equal unless a test sets them apart. */
  private static final Instant T0 = Instant.parse("2012-12-03T10:00:00Z");

  private KeyedTwoInputStreamOperatorTestHarness<String, SeenImage, GivenLabel, PlacedLabel>
      harness;
  private long labels;

  @BeforeEach
  void open() throws Exception {
    harness = harness(new HashMapStateBackend());
    harness.open();
    here(T0);
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
  }

  private static KeyedTwoInputStreamOperatorTestHarness<String, SeenImage, GivenLabel, PlacedLabel>
      harness(StateBackend backend) throws Exception {
    KeyedTwoInputStreamOperatorTestHarness<String, SeenImage, GivenLabel, PlacedLabel> harness =
        new KeyedTwoInputStreamOperatorTestHarness<>(
            new LabelJoin(new LabelSettings(RETENTION, WAIT, Duration.ofMinutes(2))),
            SeenImage::imageId,
            label -> label.imageId,
            Types.STRING);
    harness.setStateBackend(backend);
    return harness;
  }

  private static Instant minutes(long minutes) {
    return T0.plus(Duration.ofMinutes(minutes));
  }

  /** Sets the processing time. */
  private void here(Instant now) throws Exception {
    harness.setProcessingTime(now.toEpochMilli());
  }

  /** Advances event time: every image before this has arrived. */
  private void images(Instant until) throws Exception {
    harness.processWatermark1(new Watermark(until.toEpochMilli()));
  }

  private void silence() throws Exception {
    harness.processWatermarkStatus1(WatermarkStatus.IDLE);
  }

  private void see(String id, long offset, Instant at) throws Exception {
    harness.processElement1(
        new StreamRecord<>(new SeenImage(id, new Coordinates("images", 0, offset), at)));
  }

  private void label(String id, Instant at) throws Exception {
    harness.processElement2(
        new StreamRecord<>(
            new GivenLabel(
                new Coordinates("labels", 0, labels++),
                id,
                new TrueLabel("label-" + labels, "producer", at),
                new byte[] {7})));
  }

  /** Each of their timers reads all of them: 8000 labels of one id took RocksDB 16 seconds. */
  @Test
  void atMostAHundredLabelsOfOneIdWait() throws Exception {
    for (int i = 0; i < 20_000; i++) {
      label("nowhere", T0.plusMillis(i));
    }
    assertThat(rejected())
        .hasSize(19_900)
        .allMatch(
            rejection ->
                rejection.reason.equals(
                    "100 labels already wait for an image of this id, and no more may"));
    see("nowhere", 7, T0);
    assertThat(joined()).hasSize(100).startsWith("label-1 at 7");
  }

  private List<String> joined() {
    return harness.extractOutputValues().stream()
        .map(placed -> placed.label().truth.label() + " at " + placed.image().offset())
        .toList();
  }

  private List<RejectedImage> rejected() {
    return Optional.ofNullable(harness.getSideOutput(DecodeOperator.REJECTED)).stream()
        .flatMap(Queue::stream)
        .map(StreamRecord::getValue)
        .toList();
  }

  private List<Long> saidWaiting() {
    return Optional.ofNullable(harness.getSideOutput(LabelJoin.WAITING)).stream()
        .flatMap(Queue::stream)
        .map(signal -> signal.getValue().waiting())
        .toList();
  }

  @Test
  void reportsTheNumberOfWaitingLabelsWhenItChanges() throws Exception {
    here(T0.plusSeconds(5));
    label("rose", T0);
    label("rose", T0);
    label("tulip", T0);
    here(T0.plusSeconds(10));
    here(T0.plusSeconds(15));
    see("rose", 3, T0);
    here(T0.plusSeconds(20));
    assertThat(saidWaiting()).containsExactly(0L, 3L, 1L);
    OperatorSubtaskState state = harness.snapshot(1, 1);
    harness.close();
    harness = harness(new HashMapStateBackend());
    harness.initializeState(state);
    harness.open();
    here(T0);
    assertThat(saidWaiting()).containsExactly(1L);
  }

  private void assertNothingYet() {
    assertThat(joined()).isEmpty();
    assertThat(rejected()).isEmpty();
  }

  private void assertRejected(String reason) {
    assertThat(joined()).isEmpty();
    assertThat(rejected())
        .singleElement()
        .satisfies(
            rejection -> {
              assertThat(rejection.stage).isEqualTo(RejectionStage.LABEL);
              assertThat(rejection.source).isEqualTo(new Coordinates("labels", 0, 0));
              assertThat(rejection.content).containsExactly(7);
              assertThat(rejection.reason).contains(reason);
            });
  }

  @Test
  void aLabelAfterItsImageIsJoinedAtOnce() throws Exception {
    see("rose", 3, T0);
    see("tulip", 4, T0);
    label("rose", minutes(1));
    assertThat(joined()).containsExactly("label-1 at 3");
    assertThat(rejected()).isEmpty();
  }

  @Test
  void aLabelBeforeItsImageWaitsForIt() throws Exception {
    label("rose", T0);
    see("tulip", 3, minutes(1));
    images(minutes(9));
    assertNothingYet();
    see("rose", 4, minutes(9));
    assertThat(joined()).containsExactly("label-1 at 4");
    images(minutes(60));
    here(minutes(60));
    assertThat(rejected()).isEmpty();
  }

  @Test
  void aLabelWithoutAnImageIsRejectedOnceTheImagesPassedIt() throws Exception {
    label("rose", T0);
    images(minutes(10).minusMillis(1));
    assertNothingYet();
    images(minutes(10));
    assertRejected("no readable image of this id");
    here(minutes(60));
    assertThat(rejected()).hasSize(1);
  }

  @Test
  void aLabelAheadOfABacklogOfImagesWaitsUntilTheBacklogIsRead() throws Exception {
    here(minutes(60 * 5));
    label("rose", T0);
    images(minutes(-60));
    here(minutes(60 * 9));
    assertNothingYet();
    see("rose", 4, minutes(-1));
    assertThat(joined()).containsExactly("label-1 at 4");
  }

  @Test
  void processingTimeCountsWhileTheImagesAreIdle() throws Exception {
    here(minutes(5));
    label("rose", T0);
    silence();
    here(minutes(15).minusMillis(1));
    assertNothingYet();
    here(minutes(15));
    assertRejected("no readable image of this id");
    images(minutes(60));
    assertThat(rejected()).hasSize(1);
  }

  @Test
  void imagesThatBecomeIdleLaterDoNotKeepALabelForever() throws Exception {
    label("rose", T0);
    here(minutes(10));
    assertNothingYet();
    silence();
    here(minutes(20));
    assertRejected("no readable image of this id");
  }

  @Test
  void idlenessEndsWithTheNextImage() throws Exception {
    silence();
    harness.processWatermarkStatus1(WatermarkStatus.ACTIVE);
    label("rose", T0);
    here(minutes(30));
    assertNothingYet();
    see("rose", 4, minutes(1));
    assertThat(joined()).hasSize(1);
  }

  @Test
  void idleLabelsDoNotHoldBackEventTime() throws Exception {
    label("rose", T0);
    harness.processWatermark2(new Watermark(minutes(60).toEpochMilli()));
    harness.processWatermarkStatus2(WatermarkStatus.IDLE);
    here(minutes(10));
    assertNothingYet();
    images(minutes(10));
    assertThat(rejected()).hasSize(1);
  }

  @Test
  void anImageIsForgottenAfterTheRetention() throws Exception {
    see("rose", 3, T0);
    assertThat(harness.numKeyedStateEntries()).isEqualTo(1);
    images(T0.plus(RETENTION).minusMillis(1));
    assertThat(harness.numKeyedStateEntries()).isEqualTo(1);
    images(T0.plus(RETENTION));
    assertThat(harness.numKeyedStateEntries()).isZero();
  }

  @Test
  void aLabelTooLongAfterItsImageIsRejectedThoughTheImageIsStillInTheState() throws Exception {
    see("rose", 3, T0);
    label("rose", T0.plus(RETENTION).plusMillis(1));
    assertRejected(
        "its image arrived at 2012-12-03T10:00:00Z, more than labels.retention, 1 d, before the label");
  }

  @Test
  void aLabelOnTheEdgeOfTheRetentionIsJoined() throws Exception {
    see("rose", 3, T0);
    label("rose", T0.plus(RETENTION));
    assertThat(joined()).containsExactly("label-1 at 3");
  }

  @Test
  void theRetentionOfAnImageBeginsAgainWhenItArrivesAgain() throws Exception {
    see("rose", 3, T0);
    see("rose", 9, minutes(60));
    images(T0.plus(RETENTION));
    label("rose", minutes(60).plus(RETENTION));
    assertThat(joined()).containsExactly("label-1 at 9");
    images(minutes(60).plus(RETENTION));
    assertThat(harness.numKeyedStateEntries()).isZero();
  }

  @Test
  void theNewestImageOfAnIdCountsInAnyOrderOfArrival() throws Exception {
    see("rose", 9, minutes(1));
    see("rose", 3, T0);
    label("rose", minutes(2));
    see("tulip", 9, T0);
    see("tulip", 3, T0);
    label("tulip", minutes(2));
    assertThat(joined()).containsExactly("label-1 at 9", "label-2 at 9");
  }

  @Test
  void eachOfSeveralLabelsIsJoined() throws Exception {
    label("rose", T0);
    label("rose", minutes(1));
    see("rose", 3, minutes(2));
    label("rose", minutes(3));
    assertThat(joined()).containsExactlyInAnyOrder("label-1 at 3", "label-2 at 3", "label-3 at 3");
  }

  @Test
  void eachOfSeveralLabelsHasItsOwnWait() throws Exception {
    label("rose", T0);
    here(minutes(1));
    label("rose", minutes(1));
    images(minutes(10));
    assertThat(rejected()).hasSize(1);
    see("rose", 3, minutes(10));
    assertThat(joined()).containsExactly("label-2 at 3");
  }

  @Test
  void waitingLabelsAreRejectedWhenTheImagesEndAlsoAfterIdleness() throws Exception {
    for (StateBackend backend :
        List.of(new HashMapStateBackend(), new EmbeddedRocksDBStateBackend(true))) {
      harness.close();
      harness = harness(backend);
      harness.open();
      here(T0);
      see("rose", 3, T0);
      label("tulip", T0);
      label("tulip", minutes(1));
      label("daisy", T0);
      // Flink drops the last watermark of a source that is idle when it ends.
      silence();
      assertNothingYet();
      harness.endInput1();
      assertThat(joined()).isEmpty();
      assertThat(rejected())
          .extracting(r -> r.imageId)
          .containsExactlyInAnyOrder("tulip", "tulip", "daisy");
      assertThat(rejected())
          .allSatisfy(r -> assertThat(r.reason).contains("the end of the images"));
    }
  }

  @Test
  void aLabelAfterTheEndOfTheImagesNeverWaits() throws Exception {
    see("rose", 3, T0);
    harness.endInput1();
    label("tulip", minutes(1));
    assertThat(rejected()).singleElement().satisfies(r -> assertThat(r.imageId).isEqualTo("tulip"));
    label("rose", minutes(1));
    assertThat(joined()).containsExactly("label-2 at 3");
    harness.endInput2();
    assertThat(rejected()).hasSize(1);
  }

  @Test
  void rocksDbRestoresImagesAndLabels() throws Exception {
    harness.close();
    harness = harness(new EmbeddedRocksDBStateBackend(true));
    harness.open();
    here(T0);
    see("rose", 3, T0);
    label("tulip", T0);
    label("tulip", minutes(1));
    label("daisy", T0);
    OperatorSubtaskState saved = harness.snapshot(1, 1);
    harness.close();
    harness = harness(new EmbeddedRocksDBStateBackend(true));
    harness.initializeState(saved);
    harness.open();
    here(minutes(2));
    label("rose", minutes(2));
    see("tulip", 4, minutes(2));
    assertThat(joined()).containsExactlyInAnyOrder("label-4 at 3", "label-1 at 4", "label-2 at 4");
    images(minutes(10));
    assertThat(rejected()).singleElement().satisfies(r -> assertThat(r.imageId).isEqualTo("daisy"));
    images(minutes(2).plus(RETENTION));
    assertThat(harness.extractOutputValues()).hasSize(3);
  }
}
