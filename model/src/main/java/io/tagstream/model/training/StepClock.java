package io.tagstream.model.training;

import java.time.Duration;
import java.util.OptionalDouble;

/** Measures the time of a process's training steps; the time between steps does not count. */
final class StepClock {
  /** The warm-up: the first steps of Java and the native library are slow. */
  private static final int WARM_UP_STEPS = 5;

  private static final int FIRST_STEPS = 20;

  private long begin;
  private long steps;
  private Span all = new Span(0, 0, 0);
  private Span warmUp = all;
  private Span lastEpochs = all;

  /** The time of some steps, the part of it spent waiting, and their images. */
  private record Span(long nanos, long waited, long images) {
    Span since(Span earlier) {
      return new Span(nanos - earlier.nanos, waited - earlier.waited, images - earlier.images);
    }

    double imagesPerSecond() {
      return images / (Math.max(1, nanos) / 1e9);
    }
  }

  /** The rate of an epoch's steps and the share of their time spent waiting. */
  record Epoch(double imagesPerSecond, double waiting) {}

  /** A step begins by waiting for its images. */
  void begin() {
    begin = System.nanoTime();
  }

  /** The wait is over. */
  void imagesReady() {
    all = new Span(all.nanos, all.waited + System.nanoTime() - begin, all.images);
  }

  /** The step is done. */
  void end(int images) {
    all = new Span(all.nanos + System.nanoTime() - begin, all.waited, all.images + images);
    steps++;
    if (steps == WARM_UP_STEPS) {
      warmUp = all;
    }
  }

  double imagesPerSecond() {
    return all.imagesPerSecond();
  }

  /** The rate of the first steps after the warm-up; empty until they are done. */
  OptionalDouble firstStepsRate() {
    return steps < WARM_UP_STEPS + FIRST_STEPS
        ? OptionalDouble.empty()
        : OptionalDouble.of(all.since(warmUp).imagesPerSecond());
  }

  Epoch endEpoch() {
    Span epoch = all.since(lastEpochs);
    lastEpochs = all;
    return new Epoch(epoch.imagesPerSecond(), (double) epoch.waited / Math.max(1, epoch.nanos));
  }

  Duration timeFor(long images) {
    return Duration.ofMillis(Math.round(1000 * images / imagesPerSecond()));
  }
}
