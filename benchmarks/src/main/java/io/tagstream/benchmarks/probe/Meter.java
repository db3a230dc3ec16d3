package io.tagstream.benchmarks.probe;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Counts answered images, and samples the use of resources after the warm-up images and after the
 * counted ones. Thread-safe. A process has a single meter, because operators that report to it are
 * deserialised from the job graph.
 */
public final class Meter {
  /** Answered images a second. */
  public static final String RATE = "images/s";

  /** Processor time of the process for each image; the name of a group of threads may follow. */
  public static final String PROCESSOR = "cpu ms";

  public static final String ALLOCATED = "allocated KiB";
  public static final String RESIDENT = "resident MiB";

  private static volatile Optional<Meter> ofProcess = Optional.empty();

  /** A sample of clock, count and process. */
  private record Sample(long nanos, long images, ProcessUsage usage) {}

  private final long warmUp;
  private final long count;
  private long answered;
  private Optional<Sample> first = Optional.empty();
  private Optional<Sample> last = Optional.empty();

  private Meter(long warmUp, long count) {
    this.warmUp = warmUp;
    this.count = count;
  }

  /**
   * Starts the meter of this process.
   *
   * @param warmUp number of images before the counted ones
   * @param count number of counted images, at least 1
   */
  public static Meter start(long warmUp, long count) {
    if (warmUp < 0 || count < 1) {
      throw new IllegalArgumentException(
          "no images to count: %d after %d of warm-up".formatted(count, warmUp));
    }
    Meter meter = new Meter(warmUp, count);
    ofProcess = Optional.of(meter);
    return meter;
  }

  /** The meter of this process. */
  public static Meter ofProcess() {
    return ofProcess.orElseThrow(() -> new IllegalStateException("the meter was not started"));
  }

  /** Total number of images, for warm-up and counted. */
  public long images() {
    return warmUp + count;
  }

  /** Reports answered images. */
  public synchronized void answered(int images) {
    answered += images;
    if (first.isEmpty() && answered >= warmUp) {
      first = Optional.of(sample());
    } else if (last.isEmpty() && answered >= images()) {
      last = Optional.of(sample());
      notifyAll();
    }
  }

  /**
   * Waits until all counted images have been answered.
   *
   * @param work the work that answers them; it must not end before
   * @throws IllegalStateException when the work has ended
   */
  public void await(CompletableFuture<?> work) throws InterruptedException {
    CompletableFuture<?> watched = work.whenComplete((result, failure) -> wakeUp());
    synchronized (this) {
      while (last.isEmpty()) {
        if (watched.isDone()) {
          throw new IllegalStateException(
              "it ended after %d images of %d".formatted(answered, images()),
              watched.handle((result, failure) -> failure).join());
        }
        wait();
      }
    }
  }

  private synchronized void wakeUp() {
    notifyAll();
  }

  private Sample sample() {
    return new Sample(System.nanoTime(), answered, ProcessUsage.now());
  }

  /**
   * The figures, including {@link #PROCESSOR} by name of thread.
   *
   * @throws IllegalStateException when too few images were answered
   */
  public synchronized Map<String, Double> figures() {
    if (first.isEmpty() || last.isEmpty()) {
      throw new IllegalStateException(
          "%d images were answered of %d".formatted(answered, images()));
    }
    Sample from = first.get();
    Sample to = last.get();
    double images = to.images() - from.images();
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(RATE, images * 1e9 / (to.nanos() - from.nanos()));
    figures.put(PROCESSOR, (to.usage().processMillis() - from.usage().processMillis()) / images);
    figures.put(
        ALLOCATED, (to.usage().allocatedBytes() - from.usage().allocatedBytes()) / 1024.0 / images);
    figures.put(RESIDENT, to.usage().residentBytes() / 1048576.0);
    to.usage()
        .processorMillis()
        .forEach(
            (thread, millis) -> {
              long before = from.usage().processorMillis().getOrDefault(thread, 0L);
              figures.put(PROCESSOR + " " + thread, (millis - before) / images);
            });
    return figures;
  }
}
