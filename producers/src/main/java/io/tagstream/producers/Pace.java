package io.tagstream.producers;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Gives one thread turns at a steady rate, until it is stopped. */
public final class Pace {
  /**
   * Turns of at most this time are made up for after a delay, so that a long pause causes no burst.
   */
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
   * A pace with a fixed rate.
   *
   * @param rate turns a second, above 0
   */
  public static Pace perSecond(double rate) {
    if (!(rate > 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException("a rate is above 0: " + rate);
    }
    return new Pace((long) (TimeUnit.SECONDS.toNanos(1) / rate), System::nanoTime);
  }

  /** A pace without waits. */
  public static Pace unlimited() {
    return new Pace(0, System::nanoTime);
  }

  /** Waits for the next turn; returns false once stopped, also when stopped while it waits. */
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

  /** Nanoseconds until the next turn; 0 when it is due. */
  long untilDue() {
    return Math.max(due - nanoTime.getAsLong(), 0);
  }

  /** Ends the current wait and allows no further turns. Thread-safe. */
  public void stop() {
    stopped.countDown();
  }
}
