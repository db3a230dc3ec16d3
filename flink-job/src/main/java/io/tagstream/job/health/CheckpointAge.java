package io.tagstream.job.health;

import java.time.Duration;

/**
 * The time since a job's last completed checkpoint. Time without Kafka does not count, up to a
 * limit, nor does time in which this process or its machine was suspended.
 */
final class CheckpointAge {
  private final Duration longestStep;
  private final Duration kafkaOutage;

  private long completed;
  private Duration counted = Duration.ZERO;
  private Duration withoutKafka = Duration.ZERO;

  /**
   * @param longestStep the most time that one step counts, since a suspended process or a clock
   *     that jumped does not reflect on the job
   * @param kafkaOutage the most time without Kafka that does not count
   */
  CheckpointAge(Duration longestStep, Duration kafkaOutage) {
    this.longestStep = longestStep;
    this.kafkaOutage = kafkaOutage;
  }

  /**
   * Adds time.
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

  /** The time that does not count because Kafka was away. */
  Duration withoutKafka() {
    return withoutKafka;
  }
}
