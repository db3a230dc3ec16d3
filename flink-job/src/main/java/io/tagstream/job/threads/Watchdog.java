package io.tagstream.job.threads;

import io.tagstream.settings.DurationText;
import io.tagstream.settings.Printable;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the process when a call into native code does not come back. Nothing can interrupt such a
 * call, and checkpoints, restarts and stops would wait for it for ever.
 *
 * <p>Time in which the whole process stood still, suspended or frozen with its machine, does not
 * count: it is measured in ticks, of which none counts for more than two.
 */
public final class Watchdog {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
  private static final Duration TICK = Duration.ofSeconds(1);

  /** For the log, whose disk may hang as well. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);

  private static final int FAILED = 1;
  private static final Watchdog OF_PROCESS = new Watchdog(TICK, Watchdog::halt);

  /** Does what is to be done about a call that does not come back. */
  @FunctionalInterface
  public interface Verdict {
    /**
     * Acts.
     *
     * @param message one line
     * @param thread the one that waits
     */
    void against(String message, Thread thread);
  }

  private final Duration tick;
  private final Verdict verdict;
  private final Set<Watch> watches = ConcurrentHashMap.newKeySet();

  /** In nanoseconds, of this process alone. */
  private final AtomicLong clock = new AtomicLong();

  private boolean started;

  /**
   * A watchdog of its own.
   *
   * @param tick how often it looks
   * @param verdict what it does, on its own thread
   */
  public Watchdog(Duration tick, Verdict verdict) {
    this.tick = tick;
    this.verdict = verdict;
  }

  /** The one that halts this process, with exit code 1. */
  public static Watchdog ofProcess() {
    return OF_PROCESS;
  }

  /**
   * How long a call may take.
   *
   * @param setting where a user finds it
   */
  public record Limit(Duration time, String setting) {}

  /** What may hang. */
  @FunctionalInterface
  public interface Work<T, E extends Exception> {
    T run() throws E;
  }

  /**
   * Does some work, which must come back in time.
   *
   * @param what has not happened, as the beginning of a sentence, should it come to that
   */
  public <T, E extends Exception> T call(Supplier<String> what, Limit limit, Work<T, E> work)
      throws E {
    Watch watch = watch(what, limit);
    try {
      return work.run();
    } finally {
      watch.close();
    }
  }

  /**
   * Watches this thread's work in steps, each of which must come back in time, until the watch is
   * closed.
   *
   * @param what has not happened, as the beginning of a sentence, should it come to that
   */
  public Watch watch(Supplier<String> what, Limit limit) {
    start();
    Watch watch = new Watch(what, limit, Thread.currentThread());
    watches.add(watch);
    return watch;
  }

  private synchronized void start() {
    if (!started) {
      started = true;
      Thread thread = new Thread(this::run, "watchdog");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void run() {
    try {
      while (true) {
        long before = System.nanoTime();
        TimeUnit.NANOSECONDS.sleep(tick.toNanos());
        advance(Math.min(System.nanoTime() - before, 2 * tick.toNanos()));
      }
    } catch (InterruptedException e) {
      // Nobody interrupts it but a JVM that ends.
      Thread.currentThread().interrupt();
    }
  }

  private void advance(long nanos) {
    clock.addAndGet(nanos);
    for (Watch watch : watches) {
      if (watch.isOver() && !watch.reported.getAndSet(true)) {
        verdict.against(watch.message(), watch.thread);
      }
    }
  }

  private static void halt(String message, Thread thread) {
    Exception where = new Exception("where it waits");
    where.setStackTrace(thread.getStackTrace());
    Thread words =
        new Thread(
            () -> {
              System.err.println("tagstream: " + Printable.of(message));
              LOG.error(message, where);
            },
            "last words");
    words.setDaemon(true);
    words.start();
    try {
      words.join(LAST_WORDS.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(FAILED);
  }

  /** Of one thread. */
  public final class Watch implements AutoCloseable {
    private final Supplier<String> what;
    private final Limit limit;
    private final Thread thread;
    private final AtomicBoolean reported = new AtomicBoolean();
    private volatile long since = clock.get();

    private Watch(Supplier<String> what, Limit limit, Thread thread) {
      this.what = what;
      this.limit = limit;
      this.thread = thread;
    }

    /** A step is done: the time begins anew. */
    public void gotOn() {
      since = clock.get();
    }

    private boolean isOver() {
      return clock.get() - since >= limit.time().toNanos();
    }

    private String message() {
      return "%s for %s (%s): the process ends, because checkpoints and stops would wait for it for ever"
          .formatted(what.get(), DurationText.format(limit.time()), limit.setting());
    }

    @Override
    public void close() {
      watches.remove(this);
    }
  }
}
