package io.tagstream.job.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.FakeBroker;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.settings.UserException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OffsetGuardTest {
  private static final TopicPartition P0 = new TopicPartition("images", 0);
  private static final TopicPartition P1 = new TopicPartition("images", 1);

  private final List<OneInputStreamOperatorTestHarness<?, ?>> opened = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (OneInputStreamOperatorTestHarness<?, ?> harness : opened) {
      harness.close();
    }
  }

  private OneInputStreamOperatorTestHarness<IncomingRecord, IncomingRecord> guard(
      SourceBroker broker, boolean acceptLoss, int parallelism, int subtask) throws Exception {
    OneInputStreamOperatorTestHarness<IncomingRecord, IncomingRecord> harness =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(new OffsetGuard(broker, acceptLoss)), 8, parallelism, subtask);
    opened.add(harness);
    return harness;
  }

  private static StreamRecord<IncomingRecord> record(TopicPartition partition, long offset) {
    return new StreamRecord<>(
        new IncomingRecord(
            new Coordinates(partition.topic(), partition.partition(), offset),
            Instant.EPOCH,
            true,
            new byte[0],
            new byte[0]));
  }

  /**
   * A snapshot after both partitions were read, {@code images-0} up to 9, {@code images-1} to 4.
   */
  private OperatorSubtaskState snapshot() throws Exception {
    var harness = guard(new FakeBroker("here", Map.of()), false, 1, 0);
    harness.open();
    harness.processElement(record(P0, 8));
    harness.processElement(record(P1, 4));
    harness.processElement(record(P0, 9));
    assertThat(harness.extractOutputValues()).hasSize(3);
    return harness.snapshot(1, 1);
  }

  private void resume(OperatorSubtaskState state, SourceBroker broker, boolean acceptLoss)
      throws Exception {
    var harness = guard(broker, acceptLoss, 1, 0);
    harness.initializeState(state);
    harness.open();
  }

  @Test
  void resumesWhereNothingIsMissing() throws Exception {
    resume(snapshot(), new FakeBroker("here", Map.of(P0, 10L, P1, 0L)), false);
  }

  @Test
  void refusesAGapAndNamesPartitionAndRange() throws Exception {
    OperatorSubtaskState state = snapshot();
    assertThatThrownBy(() -> resume(state, new FakeBroker("here", Map.of(P0, 15L, P1, 5L)), false))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .isInstanceOf(UserException.class)
        .hasMessageContaining("images-0 offsets 10 to 14")
        .hasMessageNotContaining("images-1")
        .hasMessageContaining("--accept-loss");
  }

  @Test
  void refusesAPartitionThatIsGone() throws Exception {
    OperatorSubtaskState state = snapshot();
    assertThatThrownBy(() -> resume(state, new FakeBroker("here", Map.of(P0, 0L)), false))
        .cause()
        .hasMessageContaining("images-1 is gone, read up to offset 5");
  }

  @Test
  void goesOnOverAGapThatIsAccepted() throws Exception {
    resume(snapshot(), new FakeBroker("here", Map.of(P0, 15L)), true);
  }

  @Test
  void refusesAnotherClusterByName() throws Exception {
    OperatorSubtaskState state = snapshot();
    assertThatThrownBy(() -> resume(state, new FakeBroker("there", Map.of(P0, 0L, P1, 0L)), true))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .hasMessageContaining("cluster here")
        .hasMessageContaining("there")
        .hasMessageContaining("--fresh");
  }

  @Test
  void keepsAPartitionWithoutRecordsThroughManySnapshotsAndSubtasks() throws Exception {
    SourceBroker whole = new FakeBroker("here", Map.of(P0, 0L, P1, 0L));
    OperatorSubtaskState second =
        AbstractStreamOperatorTestHarness.repartitionOperatorState(snapshot(), 8, 1, 2, 1);
    OperatorSubtaskState first =
        AbstractStreamOperatorTestHarness.repartitionOperatorState(snapshot(), 8, 1, 2, 0);
    var a = guard(whole, false, 2, 0);
    var b = guard(whole, false, 2, 1);
    a.initializeState(first);
    a.open();
    b.initializeState(second);
    b.open();
    // The partition moved to the other subtask; the first still knows its old offset.
    b.processElement(record(P0, 19));
    OperatorSubtaskState one = a.snapshot(2, 2);
    OperatorSubtaskState two = b.snapshot(2, 2);
    OperatorSubtaskState both = AbstractStreamOperatorTestHarness.repackageState(one, two);
    resume(both, new FakeBroker("here", Map.of(P0, 20L, P1, 5L)), false);
    assertThatThrownBy(() -> resume(both, new FakeBroker("here", Map.of(P0, 21L, P1, 6L)), false))
        .cause()
        .hasMessageContaining("images-0 offsets 20 to 20, images-1 offsets 5 to 5");
  }
}
