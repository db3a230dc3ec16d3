package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The state of a job in Flink at one moment.
 *
 * @param cause the cause of the restart or of the failure
 * @param notRunning subtasks that do not run, each with its state
 * @param completed the number of checkpoints and savepoints completed since the start
 * @param last the last of these
 */
public record Observation(
    JobStatus.State state,
    Optional<String> cause,
    List<String> notRunning,
    long completed,
    Optional<JobStatus.Checkpoint> last,
    JobStatus.Troubles failedCheckpoints,
    JobStatus.Troubles restarts) {

  public Observation {
    Objects.requireNonNull(state);
    Objects.requireNonNull(cause);
    notRunning = List.copyOf(notRunning);
    Objects.requireNonNull(last);
    Objects.requireNonNull(failedCheckpoints);
    Objects.requireNonNull(restarts);
  }

  /** A copy with another state. */
  Observation in(JobStatus.State other, Optional<String> why) {
    return new Observation(other, why, notRunning, completed, last, failedCheckpoints, restarts);
  }

  /** The observation before Flink's first one. */
  static Observation none() {
    return new Observation(
        JobStatus.State.STARTING,
        Optional.empty(),
        List.of(),
        0,
        Optional.empty(),
        JobStatus.Troubles.NONE,
        JobStatus.Troubles.NONE);
  }
}
