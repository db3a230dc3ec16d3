package io.tagstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ThrottleTest {
  private final List<Long> slept = new ArrayList<>();
  private long micros;

  private Throttle throttle(double share) {
    return new Throttle(
        share,
        () -> TimeUnit.MICROSECONDS.toNanos(micros),
        nanos -> slept.add(TimeUnit.NANOSECONDS.toMicros(nanos)),
        Runnable::run);
  }

  @Test
  void pausesAreProportionalToWork() {
    Throttle throttle = throttle(0.25);
    micros += 2000;
    throttle.pause();
    micros += 500;
    throttle.pause();
    assertThat(slept).containsExactly(6000L, 1500L);
  }

  @Test
  void aPassOnAnotherThreadCountsAsWork() {
    Thread worker = Thread.currentThread();
    long[] micros = {0, 0};
    Throttle throttle =
        new Throttle(
            0.25,
            () -> TimeUnit.MICROSECONDS.toNanos(micros[Thread.currentThread() == worker ? 0 : 1]),
            nanos -> slept.add(TimeUnit.NANOSECONDS.toMicros(nanos)),
            pass -> new Thread(pass).start());
    micros[0] += 1000;
    throttle.pass(() -> micros[1] += 2000);
    throttle.pause();
    throttle.pause();
    assertThat(slept).containsExactly(9000L);
  }

  @Test
  void aPassOnTheSameThreadCountsOnce() {
    Throttle throttle = throttle(0.25);
    throttle.pass(() -> micros += 2000);
    throttle.pause();
    assertThat(slept).containsExactly(6000L);
  }

  @Test
  void anExceptionOfAPassOnAnotherThreadIsThrown() {
    Throttle elsewhere = Throttle.share(1, pass -> new Thread(pass).start());
    ModelException broken = new ModelException("broken");
    OutOfMemoryError full = new OutOfMemoryError("no room");
    assertThatThrownBy(
            () ->
                elsewhere.pass(
                    () -> {
                      throw broken;
                    }))
        .isSameAs(broken);
    assertThatThrownBy(
            () ->
                elsewhere.pass(
                    () -> {
                      throw full;
                    }))
        .isSameAs(full);
  }

  @Test
  void smallPiecesShareOnePause() {
    Throttle throttle = throttle(0.5);
    for (int piece = 0; piece < 10; piece++) {
      micros += 400;
      throttle.pause();
    }
    assertThat(slept).containsExactly(1200L, 1200L, 1200L);
  }

  @Test
  void aShareOfOneNeverPauses() {
    Throttle throttle = throttle(1);
    micros += 1_000_000;
    throttle.pause();
    assertThat(slept).isEmpty();
  }

  @Test
  void anInterruptedThreadContinuesAndStaysInterrupted() {
    Throttle throttle = Throttle.share(1e-9);
    double unused = 0;
    for (int i = 1; i < 1_000_000; i++) {
      unused += Math.sqrt(i);
    }
    assertThat(unused).isPositive();
    Thread.currentThread().interrupt();
    throttle.pause();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aShareIsAboveZeroAndAtMostOne() {
    for (double share : new double[] {0, -1, 1.01, Double.NaN}) {
      assertThatThrownBy(() -> Throttle.share(share))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("a share is above 0 and at most 1, not " + share);
    }
  }
}
