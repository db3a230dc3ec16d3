package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PauseTest {
  private static final Instant NOW = Instant.parse("2012-12-03T10:00:00Z");
  private static final Duration LENGTH = Duration.ofSeconds(30);

  @Test
  void itLastsItsLength() {
    Pause pause = Pause.of(LENGTH, "disk full", NOW);
    assertThat(pause.seen(NOW.plusSeconds(29))).isEqualTo(pause);
    assertThat(pause.lasts(NOW.plusSeconds(29))).isTrue();
    assertThat(pause.lasts(NOW.plusSeconds(30))).isFalse();
  }

  @Test
  void aPauseBegunByAClockThatWasAheadLastsNoLonger() {
    Pause pause = Pause.of(LENGTH, "disk full", NOW.plus(Duration.ofDays(365))).seen(NOW);
    assertThat(pause).isEqualTo(Pause.of(LENGTH, "disk full", NOW));
  }
}
