package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import java.time.Duration;
import java.util.Optional;

/**
 * The longest times without a completed checkpoint.
 *
 * @param interval between checkpoints
 * @param tolerableAge the age of the last checkpoint at which the job fails
 * @param kafkaOutage the longest time without Kafka that does not count
 */
public record Tolerance(Duration interval, Duration tolerableAge, Duration kafkaOutage) {

  /** The delay that a busy machine may add to the time between two checkpoints. */
  private static final Duration SLACK = Duration.ofSeconds(10);

  /**
   * The greatest age of the last checkpoint at which a job is ready: three intervals, or three
   * durations of the last checkpoint if that is longer, plus {@link #SLACK}; at most {@link
   * #tolerableAge}.
   */
  Duration lately(Optional<JobStatus.Checkpoint> last) {
    Duration took =
        last.flatMap(JobStatus.Checkpoint::durationMs).map(Duration::ofMillis).orElse(interval);
    Duration cycle = took.compareTo(interval) > 0 ? took : interval;
    Duration lately = cycle.multipliedBy(3).plus(SLACK);
    return lately.compareTo(tolerableAge) < 0 ? lately : tolerableAge;
  }
}
