package io.tagstream.job.label;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.LabelledRecord;
import io.tagstream.job.flow.PlacedLabel;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.settings.LabelSettings;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LabelFetchTest {
  private final FakeLog log = new FakeLog();
  private OneInputStreamOperatorTestHarness<PlacedLabel, LabelledRecord> harness;
  private MailboxExecutorImpl mailbox;

  @AfterEach
  void close() throws Exception {
    harness.close();
    assertThat(log.state().open).hasValue(0);
  }

  private void setUp(Duration patience) throws Exception {
    LabelFetch operator =
        new LabelFetch(
            log, new LabelSettings(Duration.ofHours(24), Duration.ofMinutes(10), patience));
    harness = new OneInputStreamOperatorTestHarness<>(operator, 1, 1, 0);
    mailbox =
        new MailboxExecutorImpl(harness.getTaskMailbox(), 0, StreamTaskActionExecutor.IMMEDIATE);
    operator.setMailboxExecutor(mailbox);
    harness.setup();
  }

  private void open() throws Exception {
    setUp(Duration.ofMinutes(2));
    harness.open();
  }

  private void send(String id, long offset) throws Exception {
    harness.processElement(
        new StreamRecord<>(
            new PlacedLabel(
                new GivenLabel(
                    new Coordinates("labels", 0, 1),
                    id,
                    new TrueLabel("roses", "producer", Instant.EPOCH),
                    new byte[] {7}),
                FakeLog.place(offset))));
  }

  private int answers() {
    var side = harness.getSideOutput(DecodeOperator.REJECTED);
    return harness.extractOutputValues().size() + (side == null ? 0 : side.size());
  }

  private void awaitRecords(int count) throws Exception {
    while (answers() < count) {
      mailbox.yield();
    }
  }

  private List<String> fetched() {
    return harness.extractOutputValues().stream()
        .map(found -> found.label().imageId + " " + found.record().source.offset())
        .toList();
  }

  @Test
  void readsTheRecordOfALabelsImageOffTheTasksThread() throws Exception {
    open();
    send("rose", 5);
    awaitRecords(1);
    assertThat(fetched()).containsExactly("rose 5");
    assertThat(log.state().threads).doesNotContain(Thread.currentThread());
  }

  @Test
  void rejectsALabelWithoutARecordWithTheLabelsOwnBytes() throws Exception {
    log.state().missing.add(5L);
    open();
    send("rose", 5);
    awaitRecords(1);
    assertThat(harness.getSideOutput(DecodeOperator.REJECTED))
        .singleElement()
        .extracting(StreamRecord::getValue)
        .satisfies(
            rejected -> {
              assertThat(rejected.stage).isEqualTo(RejectionStage.LABEL);
              assertThat(rejected.source).isEqualTo(new Coordinates("labels", 0, 1));
              assertThat(rejected.imageId).isEqualTo("rose");
              assertThat(rejected.content).containsExactly(7);
              assertThat(rejected.reason).endsWith("images-0@5 is not there");
            });
  }

  @Test
  void severalLabelsOfOneImageReadItOnce() throws Exception {
    log.state().hold = true;
    open();
    send("rose", 5);
    send("tulip", 5);
    log.state().release();
    awaitRecords(2);
    assertThat(fetched()).containsExactly("rose 5", "tulip 5");
    assertThat(log.state().answered).containsExactly(5L);
  }

  @Test
  void aLabelThatArrivesDuringTheReadSharesItsResult() throws Exception {
    open();
    send("rose", 5);
    while (!harness.getTaskMailbox().hasMail()) {
      Thread.onSpinWait();
    }
    send("tulip", 5);
    awaitRecords(2);
    send("daisy", 6);
    awaitRecords(3);
    assertThat(fetched()).containsExactly("rose 5", "tulip 5", "daisy 6");
    assertThat(log.state().answered).containsExactly(5L, 6L);
  }

  @Test
  void readsWaitingPlacesInTheOrderOfOffsets() throws Exception {
    log.state().hold = true;
    open();
    send("first", 50);
    log.state().awaitRead();
    for (long offset : new long[] {9, 3, 7, 4}) {
      send("rose", offset);
    }
    log.state().release();
    awaitRecords(5);
    assertThat(log.state().answered).containsExactly(50L, 3L, 4L, 7L, 9L);
  }

  @Test
  void aFullOperatorBlocksUntilAResult() throws Exception {
    log.state().hold = true;
    open();
    for (int i = 0; i < LabelFetch.MAX_IN_FLIGHT; i++) {
      send("rose", i);
    }
    assertThat(answers()).isZero();
    log.state().release();
    send("rose", LabelFetch.MAX_IN_FLIGHT);
    assertThat(answers()).isPositive();
  }

  @Test
  void aCheckpointHoldsLabelsInFlightAndDoesNotWaitForThem() throws Exception {
    log.state().hold = true;
    open();
    send("rose", 5);
    send("tulip", 6);
    send("daisy", 5);
    harness.prepareSnapshotPreBarrier(1);
    OperatorSubtaskState saved = harness.snapshot(1, 1);
    assertThat(answers()).isZero();
    log.state().release();
    harness.close();

    setUp(Duration.ofMinutes(2));
    harness.initializeState(saved);
    harness.open();
    awaitRecords(3);
    assertThat(fetched()).containsExactlyInAnyOrder("rose 5", "daisy 5", "tulip 6");
  }

  @Test
  void aCheckpointHoldsNoCompletedLabel() throws Exception {
    open();
    send("rose", 5);
    awaitRecords(1);
    OperatorSubtaskState saved = harness.snapshot(1, 1);
    harness.close();
    setUp(Duration.ofMinutes(2));
    harness.initializeState(saved);
    harness.open();
    harness.endInput();
    assertThat(answers()).isZero();
  }

  @Test
  void theEndOfInputWaitsForLabelsInFlight() throws Exception {
    open();
    LongStream.range(0, 20).boxed().forEach(offset -> sendUnchecked(offset));
    harness.endInput();
    assertThat(fetched()).hasSize(20);
  }

  private void sendUnchecked(long offset) {
    try {
      send("rose", offset);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aLogWithoutResultsFailsTheJobAndRejectsNothing() throws Exception {
    log.state().silent = true;
    setUp(Duration.ofMillis(1));
    harness.open();
    send("rose", 5);
    assertThatThrownBy(() -> awaitRecords(1))
        .rootCause()
        .isInstanceOf(UserException.class)
        .hasMessageContaining("labels.fetch-timeout")
        .hasMessageContaining("images-0@5");
    assertThat(answers()).isZero();
  }

  @Test
  void waitsForALogThatIsSlow() throws Exception {
    log.state().silent = true;
    open();
    send("rose", 5);
    log.state().awaitRead();
    log.state().silent = false;
    awaitRecords(1);
    assertThat(fetched()).containsExactly("rose 5");
  }

  @Test
  void waitsForABrokerThatIsAwayHoweverLong() throws Exception {
    log.state().silent = true;
    log.state().away.set(50);
    setUp(Duration.ofNanos(1));
    harness.open();
    send("rose", 5);
    awaitRecords(1);
    assertThat(fetched()).containsExactly("rose 5");
  }

  @Test
  void aLogThatRefusesFailsTheJob() throws Exception {
    log.state().refusing = true;
    open();
    send("rose", 5);
    assertThatThrownBy(() -> awaitRecords(1)).hasRootCauseMessage("not authorized");
    assertThat(answers()).isZero();
  }

  @Test
  void closesWhileAReadIsUnderWay() throws Exception {
    log.state().hold = true;
    open();
    send("rose", 5);
    log.state().awaitRead();
  }

  @Test
  void itsOutputHoldsBackNoEventTime() throws Exception {
    open();
    harness.processWatermark(new Watermark(5));
    harness.processWatermarkStatus(WatermarkStatus.ACTIVE);
    assertThat(harness.getOutput()).containsExactly(WatermarkStatus.IDLE);
  }
}
