package io.tagstream.model.training;

import java.time.Duration;

/** The rate of some work and the estimated remaining time. */
final class Pace {
  private final long total;
  private final long begin = System.nanoTime();
  private long done;

  Pace(long total) {
    this.total = total;
  }

  void add(long items) {
    done += items;
  }

  double perSecond() {
    return done / seconds();
  }

  Duration remaining() {
    double seconds = done == 0 ? 0 : (total - done) * seconds() / done;
    return Duration.ofMillis(Math.round(1000 * seconds));
  }

  private double seconds() {
    return Math.max(1, System.nanoTime() - begin) / 1e9;
  }
}
