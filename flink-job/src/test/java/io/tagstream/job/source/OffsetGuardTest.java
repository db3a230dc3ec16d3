package io.tagstream.job.source;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.FakeBroker;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.settings.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
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

  private OneInputStreamOperatorTestHarness<Coordinates, Void> guard(
      SourceBroker broker, boolean acceptLoss) throws Exception {
    OneInputStreamOperatorTestHarness<Coordinates, Void> harness =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(new OffsetGuard(broker, acceptLoss)));
    opened.add(harness);
    return harness;
  }

  private static StreamRecord<Coordinates> record(TopicPartition partition, long offset) {
    return new StreamRecord<>(new Coordinates(partition.topic(), partition.partition(), offset));
  }

  /**
   * A snapshot after both partitions were read, {@code images-0} up to 9, {@code images-1} to 4.
   */
  private OperatorSubtaskState snapshot() throws Exception {
    var harness = guard(new FakeBroker("here", Map.of()), false);
    harness.open();
    harness.processElement(record(P0, 8));
    harness.processElement(record(P1, 4));
    harness.processElement(record(P0, 9));
    return harness.snapshot(1, 1);
  }

  private void resume(OperatorSubtaskState state, SourceBroker broker, boolean acceptLoss)
      throws Exception {
    var harness = guard(broker, acceptLoss);
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
        .hasMessageContaining("end of a producer's transaction has an offset too")
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
  void keepsAPartitionWithoutRecordsThroughManySnapshots() throws Exception {
    var harness = guard(new FakeBroker("here", Map.of(P0, 0L, P1, 0L)), false);
    harness.initializeState(snapshot());
    harness.open();
    harness.processElement(record(P0, 19));
    OperatorSubtaskState later = harness.snapshot(2, 2);
    resume(later, new FakeBroker("here", Map.of(P0, 20L, P1, 5L)), false);
    assertThatThrownBy(() -> resume(later, new FakeBroker("here", Map.of(P0, 21L, P1, 6L)), false))
        .cause()
        .hasMessageContaining("images-0 offsets 20 to 20, images-1 offsets 5 to 5");
  }
}
