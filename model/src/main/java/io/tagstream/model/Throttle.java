package io.tagstream.model;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Limits background work to a share of one processor. The worker calls {@link #pause} between two
 * pieces of work, which sleeps in proportion to the processor time that the pieces took. Pieces of
 * a millisecond or less hardly affect concurrent work. A forward pass cannot be divided so finely;
 * another thread may run it between its own passes, and its processor time counts in the same way.
 * For one thread.
 */
public final class Throttle {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** The shortest sleep: the overhead of shorter ones is too large. */
  private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  interface Sleep {
    void nanos(long nanos) throws InterruptedException;
  }

  /** Nanoseconds of pause per nanosecond of work. */
  private final double pausePerWork;

  private final LongSupplier cpuTime;
  private final Sleep sleep;
  private final Executor passes;
  private long since;

  /** Processor time of passes on other threads since the last sleep, in nanoseconds. */
  private long elsewhere;

  Throttle(double share, LongSupplier cpuTime, Sleep sleep, Executor passes) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("a share is above 0 and at most 1, not " + share);
    }
    this.pausePerWork = (1 - share) / share;
    this.cpuTime = cpuTime;
    this.sleep = sleep;
    this.passes = passes;
    this.since = cpuTime.getAsLong();
  }

  /** A throttle without pauses. */
  public static Throttle none() {
    return share(1);
  }

  /**
   * A throttle for work on the calling thread.
   *
   * @param share of one processor, above 0; 1 has no pauses
   */
  public static Throttle share(double share) {
    return share(share, Runnable::run);
  }

  /**
   * A throttle for work on the calling thread.
   *
   * @param share of one processor, above 0; 1 has no pauses
   * @param passes runs forward passes
   */
  public static Throttle share(double share, Executor passes) {
    return new Throttle(
        share, THREADS::getCurrentThreadCpuTime, TimeUnit.NANOSECONDS::sleep, passes);
  }

  /** Runs a forward pass on the executor for passes, and waits for its end. */
  public void pass(Runnable pass) {
    Thread caller = Thread.currentThread();
    try {
      elsewhere +=
          CompletableFuture.supplyAsync(
                  () -> {
                    long begin = cpuTime.getAsLong();
                    pass.run();
                    return Thread.currentThread() == caller ? 0 : cpuTime.getAsLong() - begin;
                  },
                  passes)
              .join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    }
  }

  /**
   * Sleeps in proportion to the work since the last sleep. An interrupt ends the sleep; the thread
   * stays interrupted.
   */
  public void pause() {
    long worked = cpuTime.getAsLong() - since + elsewhere;
    long due = (long) (worked * pausePerWork);
    if (due < LEAST_NANOS) {
      return;
    }
    try {
      sleep.nanos(due);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    since = cpuTime.getAsLong();
    elsewhere = 0;
  }
}
