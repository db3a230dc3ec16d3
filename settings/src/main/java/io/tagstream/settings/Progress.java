package io.tagstream.settings;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Shows the progress of a long task: on a terminal a bar that redraws itself, elsewhere a plain
 * line every ten seconds; both with the rate and, where the total is known, the remaining time.
 *
 * <p>Thread-safe.
 */
public final class Progress implements AutoCloseable {
  private static final Duration REDRAW = Duration.ofMillis(100);
  private static final Duration PLAIN_LINE = Duration.ofSeconds(10);
  private static final int BAR = 24;

  private final String what;
  private final String unit;
  private final OptionalLong total;
  private final PrintWriter out;
  private final boolean interactive;
  private final LongSupplier nanoTime;
  private final long start;

  private long done;
  private long doneBefore;
  private long lastShown;
  private int drawnWidth;

  Progress(
      String what,
      String unit,
      OptionalLong total,
      PrintWriter out,
      boolean interactive,
      LongSupplier nanoTime) {
    this.what = what;
    this.unit = unit;
    this.total = total;
    this.out = out;
    this.interactive = interactive;
    this.nanoTime = nanoTime;
    this.start = nanoTime.getAsLong();
    this.lastShown = start;
  }

  /**
   * Starts the progress of a task.
   *
   * @param out a command's standard error
   * @param what the work: "sending"
   * @param unit what is counted: "images"
   * @param total how many items there will be, if known
   */
  public static Progress start(PrintWriter out, String what, String unit, OptionalLong total) {
    return new Progress(what, unit, total, out, Terminal.ERROR.isInteractive(), System::nanoTime);
  }

  /** Counts items that were done before the clock started; they do not count for the rate. */
  public synchronized void skip(long count) {
    done += count;
    doneBefore += count;
  }

  /** Counts items; redraws at most every 100 ms on a terminal, elsewhere every ten seconds. */
  public synchronized void advance(long count) {
    done += count;
    long now = nanoTime.getAsLong();
    Duration pause = interactive ? REDRAW : PLAIN_LINE;
    if (now - lastShown >= pause.toNanos()) {
      show(now);
    }
  }

  /** Prints a line above the bar. */
  public synchronized void message(String line) {
    clear();
    out.println(Printable.of(line));
    out.flush();
    if (interactive) {
      show(nanoTime.getAsLong());
    }
  }

  /** Shows the last state and ends its line; prints nothing when no item was counted. */
  @Override
  public synchronized void close() {
    if (done > 0) {
      show(nanoTime.getAsLong());
    }
    if (drawnWidth > 0) {
      out.println();
      drawnWidth = 0;
    }
    out.flush();
  }

  private void show(long now) {
    lastShown = now;
    String line = line(Math.max(now - start, 1) / 1e9);
    if (interactive) {
      int width = line.length();
      out.print("\r" + line + " ".repeat(Math.max(0, drawnWidth - width)));
      out.flush();
      drawnWidth = width;
    } else {
      out.println(line);
      out.flush();
    }
  }

  private void clear() {
    if (drawnWidth > 0) {
      out.print("\r" + " ".repeat(drawnWidth) + "\r");
      drawnWidth = 0;
    }
  }

  private String line(double seconds) {
    double rate = (done - doneBefore) / seconds;
    String speed = String.format(Locale.ROOT, rate < 10 ? "%.1f/s" : "%.0f/s", rate);
    if (total.isEmpty()) {
      return "%s: %d %s, %s".formatted(what, done, unit, speed);
    }
    long all = total.getAsLong();
    double share = all == 0 ? 1 : Math.min(1.0, (double) done / all);
    String remaining =
        done >= all
            ? "in " + clock(Math.round(seconds))
            : rate > 0 ? clock(Math.round((all - done) / rate)) + " left" : "";
    String state = "%d of %d %s, %s, %s".formatted(done, all, unit, speed, remaining);
    if (!interactive) {
      return "%s: %s".formatted(what, state);
    }
    int filled = (int) (share * BAR);
    return "%s [%s%s] %s".formatted(what, "#".repeat(filled), ".".repeat(BAR - filled), state);
  }

  private static String clock(long seconds) {
    return seconds < 3600
        ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
        : String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
}
