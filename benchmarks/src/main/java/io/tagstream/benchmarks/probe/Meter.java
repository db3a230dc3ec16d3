package io.tagstream.benchmarks.probe;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Counts answered images, and takes stock of the process when the first of them are through and
 * again when those that count are. Thread-safe; a probe's process has one, because what counts may
 * have travelled there in the graph of a Flink job.
 */
public final class Meter {
  /** Images answered a second. */
  public static final String RATE = "images/s";

  /** The process's time on processors, an image; a name of threads may follow. */
  public static final String PROCESSOR = "cpu ms";

  public static final String ALLOCATED = "allocated KiB";
  public static final String RESIDENT = "resident MiB";

  private static volatile Optional<Meter> ofProcess = Optional.empty();

  /** A look at clock and process. */
  private record Stock(long nanos, long images, ProcessUsage usage) {}

  private final long warmUp;
  private final long count;
  private long answered;
  private Optional<Stock> first = Optional.empty();
  private Optional<Stock> last = Optional.empty();

  private Meter(long warmUp, long count) {
    this.warmUp = warmUp;
    this.count = count;
  }

  /**
   * Begins this process's count.
   *
   * @param warmUp images that come before those that count
   * @param count images that count, 1 or more
   */
  public static Meter start(long warmUp, long count) {
    if (warmUp < 0 || count < 1) {
      throw new IllegalArgumentException(
          "nothing to count: %d images after %d".formatted(count, warmUp));
    }
    Meter meter = new Meter(warmUp, count);
    ofProcess = Optional.of(meter);
    return meter;
  }

  /** The one that was started. */
  public static Meter ofProcess() {
    return ofProcess.orElseThrow(() -> new IllegalStateException("nothing is counted yet"));
  }

  /** Images that the meter needs, those to warm up and those that count. */
  public long images() {
    return warmUp + count;
  }

  /** Images have been answered just now. */
  public synchronized void answered(int images) {
    answered += images;
    if (first.isEmpty() && answered >= warmUp) {
      first = Optional.of(stock());
    } else if (last.isEmpty() && answered >= images()) {
      last = Optional.of(stock());
      notifyAll();
    }
  }

  /**
   * Waits until the images that count have been answered.
   *
   * @param work what answers them, which is not over before
   * @throws IllegalStateException when it is over
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

  private Stock stock() {
    return new Stock(System.nanoTime(), answered, ProcessUsage.now());
  }

  /**
   * What was counted, also {@link #PROCESSOR} by name of thread.
   *
   * @throws IllegalStateException when too few images were answered
   */
  public synchronized Map<String, Double> figures() {
    if (first.isEmpty() || last.isEmpty()) {
      throw new IllegalStateException(
          "%d images were answered of %d".formatted(answered, images()));
    }
    Stock from = first.get();
    Stock to = last.get();
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
