package io.tagstream.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);
  private long now;

  /** The clock stands still, so a due turn is given at once. */
  @Test
  void aDelayIsMadeUpForOnlyInPart() {
    Pace pace = new Pace(10 * MILLISECOND, () -> now);
    assertThat(pace.awaitTurn()).isTrue();
    now += 1000 * MILLISECOND;
    // 100 ms are made up for: ten turns, and the one that is due now.
    for (int turn = 0; turn < 11; turn++) {
      assertThat(pace.awaitTurn()).isTrue();
    }
    assertThat(pace.untilDue()).isPositive();
  }

  @Test
  void turnsAreAnIntervalApart() {
    Pace pace = new Pace(10 * MILLISECOND, () -> now);
    assertThat(pace.awaitTurn()).isTrue();
    assertThat(pace.untilDue()).isEqualTo(10 * MILLISECOND);
    now += 10 * MILLISECOND;
    assertThat(pace.untilDue()).isZero();
  }

  @Test
  void aStopEndsTheWait() throws InterruptedException {
    Pace pace = Pace.perSecond(0.001);
    assertThat(pace.awaitTurn()).isTrue();
    Thread waiting = new Thread(() -> assertThat(pace.awaitTurn()).isFalse());
    waiting.start();
    pace.stop();
    waiting.join(TimeUnit.SECONDS.toMillis(60));
    assertThat(waiting.isAlive()).isFalse();
    assertThat(pace.awaitTurn()).isFalse();
  }

  @Test
  void aRateIsAboveZero() {
    for (double rate : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Pace.perSecond(rate)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
