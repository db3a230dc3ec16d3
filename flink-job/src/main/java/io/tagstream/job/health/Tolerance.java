package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import java.time.Duration;
import java.util.Optional;

/**
 * How long a job may go without completing a checkpoint.
 *
 * @param interval between checkpoints
 * @param tolerableAge after which the job ends
 * @param kafkaOutage how long Kafka may be away without that counting
 */
public record Tolerance(Duration interval, Duration tolerableAge, Duration kafkaOutage) {

  /** What a busy machine adds to the time between two checkpoints. */
  private static final Duration SLACK = Duration.ofSeconds(10);

  /**
   * How long ago the last one may have completed in a job that is ready: three intervals, or three
   * times what the last one took where that is longer, and some slack.
   */
  Duration lately(Optional<JobStatus.Checkpoint> last) {
    Duration took =
        last.flatMap(JobStatus.Checkpoint::durationMs).map(Duration::ofMillis).orElse(interval);
    Duration cycle = took.compareTo(interval) > 0 ? took : interval;
    Duration lately = cycle.multipliedBy(3).plus(SLACK);
    return lately.compareTo(tolerableAge) < 0 ? lately : tolerableAge;
  }
}
