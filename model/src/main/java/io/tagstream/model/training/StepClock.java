package io.tagstream.model.training;

import java.time.Duration;
import java.util.OptionalDouble;

/** Where the time of a process's steps goes; what lies between the steps does not count. */
final class StepClock {
  /** Java and the native library are slow in their first steps. */
  private static final int UNUSUAL_STEPS = 5;

  private static final int FIRST_STEPS = 20;

  private long begin;
  private long steps;
  private Span all = new Span(0, 0, 0);
  private Span unusual = all;
  private Span lastEpochs = all;

  /** Steps' time, the part of it that was waiting, and their images. */
  private record Span(long nanos, long waited, long images) {
    Span since(Span earlier) {
      return new Span(nanos - earlier.nanos, waited - earlier.waited, images - earlier.images);
    }

    double imagesPerSecond() {
      return images / (Math.max(1, nanos) / 1e9);
    }
  }

  /** An epoch's steps. */
  record Epoch(double imagesPerSecond, double waiting) {}

  /** A step begins to wait for its images. */
  void begin() {
    begin = System.nanoTime();
  }

  /** The wait is over. */
  void imagesAreThere() {
    all = new Span(all.nanos, all.waited + System.nanoTime() - begin, all.images);
  }

  /** The step is done. */
  void end(int images) {
    all = new Span(all.nanos + System.nanoTime() - begin, all.waited, all.images + images);
    steps++;
    if (steps == UNUSUAL_STEPS) {
      unusual = all;
    }
  }

  double imagesPerSecond() {
    return all.imagesPerSecond();
  }

  /** The rate of the first steps that tell something, once these are done. */
  OptionalDouble firstStepsRate() {
    return steps < UNUSUAL_STEPS + FIRST_STEPS
        ? OptionalDouble.empty()
        : OptionalDouble.of(all.since(unusual).imagesPerSecond());
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
