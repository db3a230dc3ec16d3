package io.tagstream.job;

import io.tagstream.job.health.Observation;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import io.tagstream.model.store.JobStatus.Troubles;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.executiongraph.ErrorInfo;

/** Converts Flink's execution graph of a job into an {@link Observation}. */
final class ExecutionGraphReader {
  private ExecutionGraphReader() {}

  static Observation of(AccessExecutionGraph graph) {
    List<String> notRunning = new ArrayList<>();
    long attempts = 0;
    for (AccessExecutionVertex vertex : graph.getAllExecutionVertices()) {
      ExecutionState does = vertex.getExecutionState();
      if (does != ExecutionState.RUNNING && does != ExecutionState.FINISHED) {
        notRunning.add(
            "%s is %s"
                .formatted(
                    vertex.getTaskNameWithSubtaskIndex(), does.name().toLowerCase(Locale.ROOT)));
      }
      attempts = Math.max(attempts, vertex.getCurrentExecutionAttempt().getAttemptNumber());
    }
    Optional<ErrorInfo> failure = Optional.ofNullable(graph.getFailureInfo());
    Optional<String> cause = failure.map(error -> FailureCause.of(error.getException()));
    State state = state(graph.getState(), notRunning.isEmpty(), attempts > 0);
    // While the job waits to restart, its subtasks are still those of the failed attempt.
    long restarts =
        graph.getState() == org.apache.flink.api.common.JobStatus.RESTARTING
            ? attempts + 1
            : attempts;
    Optional<CheckpointStatsSnapshot> checkpoints =
        Optional.ofNullable(graph.getCheckpointStatsSnapshot());
    return new Observation(
        state,
        state == State.RESTARTING || state == State.FAILED ? cause : Optional.empty(),
        state.isFinal() ? List.of() : notRunning,
        checkpoints.map(stats -> stats.getCounts().getNumberOfCompletedCheckpoints()).orElse(0L),
        checkpoints.flatMap(ExecutionGraphReader::last),
        checkpoints.map(ExecutionGraphReader::failed).orElse(Troubles.NONE),
        restarts == 0
            ? Troubles.NONE
            : new Troubles(
                restarts, failure.map(error -> Instant.ofEpochMilli(error.getTimestamp())), cause));
  }

  private static State state(
      org.apache.flink.api.common.JobStatus flinks, boolean allRun, boolean ranBefore) {
    return switch (flinks) {
      case INITIALIZING, CREATED, RECONCILING -> State.STARTING;
      case RUNNING -> allRun ? State.RUNNING : ranBefore ? State.RESTARTING : State.STARTING;
      case FAILING, RESTARTING -> State.RESTARTING;
      case CANCELLING -> State.STOPPING;
      case FINISHED, CANCELED, SUSPENDED -> State.STOPPED;
      case FAILED -> State.FAILED;
    };
  }

  private static Optional<JobStatus.Checkpoint> last(CheckpointStatsSnapshot stats) {
    return Stream.of(
            stats.getHistory().getLatestCompletedCheckpoint(),
            stats.getHistory().getLatestSavepoint())
        .flatMap(Stream::ofNullable)
        .max(Comparator.comparing(CompletedCheckpointStats::getCheckpointId))
        .map(
            completed ->
                new JobStatus.Checkpoint(
                    completed.getCheckpointId(),
                    Instant.ofEpochMilli(completed.getLatestAckTimestamp()),
                    Optional.of(completed.getEndToEndDuration()),
                    Optional.of(completed.getStateSize()),
                    Optional.ofNullable(completed.getExternalPath())));
  }

  private static Troubles failed(CheckpointStatsSnapshot stats) {
    long count = stats.getCounts().getNumberOfFailedCheckpoints();
    return count == 0
        ? Troubles.NONE
        : new Troubles(
            count,
            Optional.ofNullable(stats.getHistory().getLatestFailedCheckpoint())
                .map(failed -> Instant.ofEpochMilli(failed.getFailureTimestamp())),
            Optional.ofNullable(stats.getHistory().getLatestFailedCheckpoint())
                .flatMap(failed -> Optional.ofNullable(failed.getFailureMessage())));
  }
}
