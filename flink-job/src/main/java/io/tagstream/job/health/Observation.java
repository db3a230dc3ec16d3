package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What Flink says of a job at one moment.
 *
 * @param cause why it restarts, or why it failed
 * @param notRunning subtasks that do not run, each with what it does instead
 * @param completed checkpoints and savepoints since the start
 * @param last of these
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

  /** The same, in another state. */
  Observation in(JobStatus.State other, Optional<String> why) {
    return new Observation(other, why, notRunning, completed, last, failedCheckpoints, restarts);
  }

  /** Before Flink has said anything. */
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
