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
 * A thread that works for one caller, who does not wait longer than the work may take. The limit is
 * of the thread's own processor time: on a busy machine, or in a process that was suspended, an
 * image is not at fault. Work that takes no processor time is given up as well, ten times later.
 */
final class TimedThread {
  private static final int STALLED = 10;

  /** Short, so that a process that was suspended has not waited all the while. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final boolean KNOWS_PROCESSOR_TIME =
      THREADS.isThreadCpuTimeSupported() && THREADS.isThreadCpuTimeEnabled();

  private final ExecutorService executor;

  /** Of the work that has begun; empty before it has. */
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
   * Waits for the work. An interrupt is kept for later: native code could not heed it.
   *
   * @throws TimeoutException when it takes too long; it goes on, and this thread is of no more use
   * @throws ExecutionException with what the work throws
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
    Duration look = limit.compareTo(LOOK) < 0 ? limit : LOOK;
    Duration waited = Duration.ZERO;
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get(look.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (TimeoutException e) {
          waited = waited.plus(look);
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

  /** Processor time of the work so far; what was waited where the JVM does not know it. */
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

  /** Ends the thread after what it does now. */
  void end() {
    executor.shutdown();
  }

  /** Ends the thread after what it does now, and after {@code last}. */
  void end(Runnable last) {
    executor.execute(last);
    end();
  }
}
