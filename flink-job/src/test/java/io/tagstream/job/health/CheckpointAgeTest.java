package io.tagstream.job.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class CheckpointAgeTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final CheckpointAge age =
      new CheckpointAge(Duration.ofSeconds(10), Duration.ofSeconds(5));

  private void seconds(int count, long completed, boolean kafkaAnswers) {
    for (int i = 0; i < count; i++) {
      age.step(SECOND, completed, kafkaAnswers);
    }
  }

  @Test
  void growsFromTheStartUntilACheckpointCompletes() {
    seconds(7, 0, true);
    assertThat(age.counted()).isEqualTo(Duration.ofSeconds(7));
    seconds(1, 1, true);
    assertThat(age.counted()).isZero();
    seconds(3, 1, true);
    assertThat(age.counted()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void doesNotGrowWhileKafkaIsAwayUpToTheOutage() {
    seconds(2, 1, true);
    seconds(4, 1, false);
    seconds(2, 1, true);
    assertThat(age.counted()).isEqualTo(Duration.ofSeconds(1 + 2));
    assertThat(age.withoutKafka()).isEqualTo(Duration.ofSeconds(4));
    // One more second is still part of the outage; the others count.
    seconds(3, 1, false);
    assertThat(age.counted()).isEqualTo(Duration.ofSeconds(3 + 2));
    assertThat(age.withoutKafka()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void theNextCheckpointResetsTheOutage() {
    seconds(1, 1, true);
    seconds(5, 1, false);
    seconds(1, 2, true);
    assertThat(age.withoutKafka()).isZero();
    seconds(5, 2, false);
    assertThat(age.counted()).isZero();
  }

  @Test
  void doesNotCountTheTimeOfASuspendedProcess() {
    seconds(1, 1, true);
    age.step(Duration.ofHours(2), 1, true);
    assertThat(age.counted()).isEqualTo(Duration.ofSeconds(10));
  }
}
