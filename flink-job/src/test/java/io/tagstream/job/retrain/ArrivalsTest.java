package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private static final Instant NOW = Instant.parse("2012-12-03T10:00:00Z");

  @Test
  void aTimeFromAClockThatWasAheadDelaysNothing() {
    Instant ahead = NOW.plus(Duration.ofDays(365));
    for (long next : new long[] {60, 80, 20}) {
      Arrivals after =
          Arrivals.NONE.seen(60, ahead).seen(next, NOW).seen(next, NOW.plusSeconds(30));
      assertThat(after.newLabels()).isEqualTo(next);
      assertThat(after.quiet(NOW.plusSeconds(30))).isEqualTo(Duration.ofSeconds(30));
      assertThat(after.age(NOW.plusSeconds(30))).isEqualTo(Duration.ofSeconds(30));
    }
  }

  @Test
  void theAgeIsThatOfTheFirstArrival() {
    Arrivals after =
        Arrivals.NONE.seen(1, NOW).seen(2, NOW.plusSeconds(10)).seen(2, NOW.plusSeconds(15));
    assertThat(after.age(NOW.plusSeconds(15))).isEqualTo(Duration.ofSeconds(15));
    assertThat(after.quiet(NOW.plusSeconds(15))).isEqualTo(Duration.ofSeconds(5));
  }
}
