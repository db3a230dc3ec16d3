package io.tagstream.model.image;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A thread that works for one caller, with a timeout. The timeout is on the thread's processor
 * time, so that a busy machine or a suspended process fails no image. Work that uses no processor
 * time is abandoned after ten times the timeout.
 */
final class TimedThread {
  private static final int STALLED = 10;

  /**
   * Waiting time is counted in intervals this short, so that a suspended process does not count the
   * whole suspension.
   */
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final boolean KNOWS_PROCESSOR_TIME =
      THREADS.isThreadCpuTimeSupported() && THREADS.isThreadCpuTimeEnabled();

  private final ExecutorService executor;

  /** Set when the current work begins; empty before. */
  private volatile Optional<Start> start = Optional.empty();

  private record Start(long thread, long processorTime) {}

  TimedThread(String name) {
    executor =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread thread = new Thread(work, name);
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Runs the work and waits for it. An interrupt is only restored at the end, because native code
   * does not react to it.
   *
   * @throws TimeoutException if the work takes too long; it continues to run, and this thread must
   *     not be used again
   * @throws ExecutionException wraps what the work throws
   */
  <T> T run(Callable<T> work, Duration limit) throws TimeoutException, ExecutionException {
    start = Optional.empty();
    Future<T> future =
        executor.submit(
            () -> {
              long thread = Thread.currentThread().getId();
              start = Optional.of(new Start(thread, processorTime(thread)));
              return work.call();
            });
    Duration interval = limit.compareTo(CHECK_INTERVAL) < 0 ? limit : CHECK_INTERVAL;
    Duration waited = Duration.ZERO;
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get(interval.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (TimeoutException e) {
          waited = waited.plus(interval);
          boolean over =
              used(waited).compareTo(limit) >= 0
                  || waited.compareTo(limit.multipliedBy(STALLED)) >= 0;
          if (over && !future.isDone()) {
            throw e;
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Processor time of the work so far; the waiting time if the JVM does not measure it. */
  private Duration used(Duration waited) {
    if (!KNOWS_PROCESSOR_TIME) {
      return waited;
    }
    return start
        .map(from -> Duration.ofNanos(processorTime(from.thread) - from.processorTime))
        .orElse(Duration.ZERO);
  }

  private static long processorTime(long thread) {
    return KNOWS_PROCESSOR_TIME ? THREADS.getThreadCpuTime(thread) : 0;
  }

  /** Ends the thread after its current work. */
  void end() {
    executor.shutdown();
  }

  /** Ends the thread after its current work and {@code last}. */
  void end(Runnable last) {
    executor.execute(last);
    end();
  }
}
