package io.tagstream.model;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Keeps background work to a share of one processor: who works asks for a pause between two pieces,
 * and sleeps in proportion to the processor time that they took. Pieces of a millisecond or less
 * are hardly felt by what computes beside it. A network's pass cannot be cut so small; it may be
 * given to another thread, between whose own passes it runs, and is paid for in pauses just the
 * same. For one thread.
 */
public final class Throttle {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Shorter sleeps cost more than they give. */
  private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** Sleeps; may be interrupted. */
  interface Sleep {
    void nanos(long nanos) throws InterruptedException;
  }

  /** Nanoseconds of pause for one of work. */
  private final double pausePerWork;

  private final LongSupplier cpuTime;
  private final Sleep sleep;
  private final Executor passes;
  private long since;

  /** What passes on another thread took of it since the last sleep. */
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

  /** No pauses. */
  public static Throttle none() {
    return share(1);
  }

  /**
   * Work on this share of the time from now on.
   *
   * @param share above 0; 1 has no pauses
   */
  public static Throttle share(double share) {
    return share(share, Runnable::run);
  }

  /**
   * Work on this share of the time from now on.
   *
   * @param share above 0; 1 has no pauses
   * @param passes runs the passes of networks
   */
  public static Throttle share(double share, Executor passes) {
    return new Throttle(
        share, THREADS::getCurrentThreadCpuTime, TimeUnit.NANOSECONDS::sleep, passes);
  }

  /** Runs a pass of a network where it is felt least, and waits for its end. */
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

  /** Sleeps for what was worked since the last sleep; an interrupted thread goes on working. */
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
