package io.tagstream.producers;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Lets one thread through at a steady rate, until it is stopped. */
public final class Pace {
  /** What may be made up for at once after a delay: a longer pause does not end in a flood. */
  private static final long CATCH_UP = TimeUnit.MILLISECONDS.toNanos(100);

  private final long interval;
  private final LongSupplier nanoTime;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private long due;

  Pace(long interval, LongSupplier nanoTime) {
    this.interval = interval;
    this.nanoTime = nanoTime;
    this.due = nanoTime.getAsLong();
  }

  /**
   * So many turns a second.
   *
   * @param rate turns a second, above 0
   */
  public static Pace perSecond(double rate) {
    if (!(rate > 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException("a rate is above 0: " + rate);
    }
    return new Pace((long) (TimeUnit.SECONDS.toNanos(1) / rate), System::nanoTime);
  }

  /** As fast as it goes. */
  public static Pace unlimited() {
    return new Pace(0, System::nanoTime);
  }

  /** Waits for the next turn; false once stopped, also while it waits. */
  public boolean awaitTurn() {
    long wait = untilDue();
    due = Math.max(due, nanoTime.getAsLong() - CATCH_UP) + interval;
    try {
      return !stopped.await(wait, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Nanoseconds, 0 when the next turn is due. */
  long untilDue() {
    return Math.max(due - nanoTime.getAsLong(), 0);
  }

  /** Ends the wait, from any thread; there are no more turns. */
  public void stop() {
    stopped.countDown();
  }
}
