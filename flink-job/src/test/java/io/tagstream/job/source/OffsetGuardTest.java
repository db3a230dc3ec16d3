package io.tagstream.job.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.FailureCause;
import io.tagstream.job.FakeBroker;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.settings.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
            new ProcessOperator<>(new OffsetGuard(broker, Set.of("images"), acceptLoss)));
    opened.add(harness);
    return harness;
  }

  private static StreamRecord<Coordinates> record(TopicPartition partition, long offset) {
    return new StreamRecord<>(new Coordinates(partition.topic(), partition.partition(), offset));
  }

  /**
   * A snapshot taken after {@code images-0} was read up to offset 9 and {@code images-1} up to 4.
   */
  private OperatorSubtaskState snapshot(SourceBroker broker) throws Exception {
    var harness = guard(broker, false);
    harness.open();
    harness.processElement(record(P0, 8));
    harness.processElement(record(P1, 4));
    harness.processElement(record(P0, 9));
    return harness.snapshot(1, 1);
  }

  private OperatorSubtaskState snapshot() throws Exception {
    return snapshot(broker("here", 10, 5));
  }

  private static FakeBroker broker(String cluster, long end0, long end1) {
    return new FakeBroker(cluster, Map.of(P0, end0, P1, end1)).withTopic("images", "first");
  }

  private void resume(OperatorSubtaskState state, SourceBroker broker, boolean acceptLoss)
      throws Exception {
    var harness = guard(broker, acceptLoss);
    harness.initializeState(state);
    harness.open();
  }

  @Test
  void resumesWhereNothingIsMissing() throws Exception {
    resume(snapshot(), broker("here", 10, 5), false);
  }

  @Test
  void waitsForAnUnavailableBroker() throws Exception {
    resume(snapshot(), broker("here", 10, 5).silentFor(3), false);
  }

  @Test
  void refusesAMissingPartition() throws Exception {
    OperatorSubtaskState state = snapshot();
    FakeBroker broker = new FakeBroker("here", Map.of(P0, 10L));
    assertThatThrownBy(() -> resume(state, broker, false))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .isInstanceOf(UserException.class)
        .hasMessageContaining("images-1 no longer exists, read up to offset 5")
        .hasMessageContaining("--accept-loss");
    resume(state, broker, true);
  }

  @Test
  void refusesAnotherClusterByName() throws Exception {
    OperatorSubtaskState state = snapshot();
    assertThatThrownBy(() -> resume(state, broker("there", 10, 5), true))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .hasMessageContaining("cluster here")
        .hasMessageContaining("there")
        .hasMessageContaining("--fresh");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusesATopicMadeAnewEvenWhereLossIsAccepted(boolean acceptLoss) throws Exception {
    OperatorSubtaskState state = snapshot();
    FakeBroker broker = broker("here", 320, 320).withTopic("images", "second");
    assertThatThrownBy(() -> resume(state, broker, acceptLoss))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .isInstanceOf(UserException.class)
        .hasMessageContaining("topic images was deleted and recreated")
        .hasMessageContaining("its id was first and is second")
        .hasMessageContaining("--fresh")
        .hasMessageContaining("exactly once");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusesOffsetsBeyondTheEndEvenWhereLossIsAccepted(boolean acceptLoss) throws Exception {
    OperatorSubtaskState state = snapshot();
    assertThatThrownBy(() -> resume(state, broker("here", 9, 5), acceptLoss))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .isInstanceOf(UserException.class)
        .hasMessageContaining("images-0 was read up to offset 10 and ends at 9")
        .hasMessageNotContaining("images-1")
        .hasMessageContaining("--fresh");
  }

  @Test
  void takesThePresentIdWhereTheSnapshotHasNone() throws Exception {
    OperatorSubtaskState old = snapshot(new FakeBroker("here", Map.of(P0, 10L, P1, 5L)));
    var harness = guard(broker("here", 10, 5), false);
    harness.initializeState(old);
    harness.open();
    OperatorSubtaskState later = harness.snapshot(2, 2);
    FakeBroker recreated = broker("here", 320, 320).withTopic("images", "second");
    resume(old, recreated, false);
    assertThatThrownBy(() -> resume(later, recreated, false)).cause().hasMessageContaining("first");
  }

  @Test
  void keepsTheIdOfATopicThatIsTemporarilyMissing() throws Exception {
    FakeBroker broker = broker("here", 10, 5);
    OperatorSubtaskState state = snapshot(broker);
    var harness = guard(new FakeBroker("here", Map.of(P0, 10L, P1, 5L)), false);
    harness.initializeState(state);
    harness.open();
    OperatorSubtaskState later = harness.snapshot(2, 2);
    FakeBroker recreated = broker("here", 320, 320).withTopic("images", "second");
    assertThatThrownBy(() -> resume(later, recreated, false)).cause().hasMessageContaining("first");
  }

  @Test
  @Timeout(30)
  void endsARunningJobWhoseTopicIsRecreated() throws Exception {
    FakeBroker broker = broker("here", 10, 5);
    var harness = guard(broker, true);
    harness.open();
    harness.processElement(record(P0, 9));
    harness.snapshot(1, 1);
    broker.withTopic("images", "second").silentFor(1);
    assertThatThrownBy(
            () -> {
              for (long checkpoint = 2; !Thread.interrupted(); checkpoint++) {
                harness.snapshot(checkpoint, checkpoint);
                harness.notifyOfCompletedCheckpoint(checkpoint);
              }
            })
        .satisfies(
            failure ->
                assertThat(FailureCause.of(failure))
                    .contains("its id was first and is second")
                    .contains("--fresh"))
        .satisfies(
            failure ->
                assertThat(ExceptionUtils.findThrowable(failure, SuppressRestartsException.class))
                    .isPresent());
  }

  @Test
  void keepsAPartitionWithoutRecordsThroughManySnapshots() throws Exception {
    var harness = guard(broker("here", 20, 5), false);
    harness.initializeState(snapshot());
    harness.open();
    harness.processElement(record(P0, 19));
    OperatorSubtaskState later = harness.snapshot(2, 2);
    resume(later, broker("here", 20, 5), false);
    assertThatThrownBy(() -> resume(later, broker("here", 19, 4), false))
        .cause()
        .hasMessageContaining(
            "images-0 was read up to offset 20 and ends at 19, images-1 was read up to offset 5 and"
                + " ends at 4");
  }
}
