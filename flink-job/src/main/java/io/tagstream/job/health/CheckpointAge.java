package io.tagstream.job.health;

import java.time.Duration;

/**
 * How long a job has completed no checkpoint, of the time that counts: not while Kafka is away, up
 * to a limit, and not while this process or its machine stood still.
 */
final class CheckpointAge {
  private final Duration longestStep;
  private final Duration kafkaOutage;

  private long completed;
  private Duration counted = Duration.ZERO;
  private Duration withoutKafka = Duration.ZERO;

  /**
   * @param longestStep what counts of a step at most: a process that was suspended, or a clock that
   *     jumped, says nothing of the job
   * @param kafkaOutage how much time without Kafka is left out
   */
  CheckpointAge(Duration longestStep, Duration kafkaOutage) {
    this.longestStep = longestStep;
    this.kafkaOutage = kafkaOutage;
  }

  /**
   * Time has passed.
   *
   * @param completedNow checkpoints completed since the start
   */
  void step(Duration passed, long completedNow, boolean kafkaAnswers) {
    if (completedNow != completed) {
      completed = completedNow;
      counted = Duration.ZERO;
      withoutKafka = Duration.ZERO;
      return;
    }
    Duration step = passed.compareTo(longestStep) < 0 ? passed : longestStep;
    Duration away = withoutKafka.plus(step);
    if (!kafkaAnswers && away.compareTo(kafkaOutage) <= 0) {
      withoutKafka = away;
    } else {
      counted = counted.plus(step);
    }
  }

  Duration counted() {
    return counted;
  }

  /** What was left out because Kafka was away. */
  Duration withoutKafka() {
    return withoutKafka;
  }
}
