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
 * Ends the process when a call into native code hangs. Such a call cannot be interrupted, and
 * checkpoints, restarts and stops would wait for it indefinitely.
 *
 * <p>Time in which the whole process was suspended, alone or with its machine, does not count: time
 * is measured in ticks, and no tick counts for more than twice its length.
 */
public final class Watchdog {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
  private static final Duration TICK = Duration.ofSeconds(1);

  /** The longest wait for the log before the halt; its disk may hang too. */
  private static final Duration LOG_PATIENCE = Duration.ofSeconds(5);

  private static final int FAILED = 1;
  private static final Watchdog OF_PROCESS = new Watchdog(TICK, Watchdog::halt);

  /** The action on a hung call. */
  @FunctionalInterface
  public interface Verdict {
    /**
     * Called once for each hung call.
     *
     * @param message one line
     * @param thread the thread that made the call
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
   * @param tick the interval between checks
   * @param verdict called on the watchdog's thread
   */
  public Watchdog(Duration tick, Verdict verdict) {
    this.tick = tick;
    this.verdict = verdict;
  }

  /** The watchdog that halts this process with exit code 1. */
  public static Watchdog ofProcess() {
    return OF_PROCESS;
  }

  /**
   * The longest time of a call.
   *
   * @param setting the key of the setting, for the message
   */
  public record Limit(Duration time, String setting) {}

  /** A call that may hang. */
  @FunctionalInterface
  public interface Work<T, E extends Exception> {
    T run() throws E;
  }

  /**
   * Runs a call, which must return within the limit.
   *
   * @param what the beginning of the message if it does not, such as "model V has not loaded"
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
   * Watches the steps of this thread until the watch is closed; each step must end within the
   * limit.
   *
   * @param what the beginning of the message if one does not, such as "model V has not loaded"
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
      // Only a JVM shutdown interrupts this thread.
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
    Exception where = new Exception("the stack of the hung thread");
    where.setStackTrace(thread.getStackTrace());
    Thread report =
        new Thread(
            () -> {
              System.err.println("tagstream: " + Printable.of(message));
              LOG.error(message, where);
            },
            "watchdog report");
    report.setDaemon(true);
    report.start();
    try {
      report.join(LOG_PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(FAILED);
  }

  /** The watch of one thread. */
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

    /** A step ended: the time restarts. */
    public void progressed() {
      since = clock.get();
    }

    private boolean isOver() {
      return clock.get() - since >= limit.time().toNanos();
    }

    private String message() {
      return "%s for %s (%s): the process ends, because checkpoints and stops would wait for it indefinitely"
          .formatted(what.get(), DurationText.format(limit.time()), limit.setting());
    }

    @Override
    public void close() {
      watches.remove(this);
    }
  }
}
