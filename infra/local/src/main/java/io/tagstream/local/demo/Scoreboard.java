package io.tagstream.local.demo;

import io.tagstream.consumers.PredictionText;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.settings.Terminal;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Prints the predictions as they come and, now and then, how good and how fast they are. */
final class Scoreboard {
  private static final Duration STATUS = Duration.ofSeconds(10);

  private final PrintWriter out;
  private final PrintWriter err;
  private final LongSupplier nanoTime;
  private final boolean table;
  private long first;
  private long lastStatus;
  private long predicted;
  private long labelled;
  private long right;
  private long rejected;
  private long earlier;

  Scoreboard(PrintWriter out, PrintWriter err, LongSupplier nanoTime) {
    this.out = out;
    this.err = err;
    this.nanoTime = nanoTime;
    this.table = Terminal.OUTPUT.isInteractive();
    this.lastStatus = nanoTime.getAsLong();
  }

  synchronized void add(Prediction prediction) {
    long now = nanoTime.getAsLong();
    if (predicted == 0) {
      first = now;
      if (table) {
        out.println(PredictionText.heading(Terminal.columns() - 2));
      }
    }
    predicted++;
    String mark = "";
    if (prediction.getLabel().isPresent()) {
      labelled++;
      boolean hit = prediction.getTags().get(0).getLabel().equals(prediction.getLabel().get());
      right += hit ? 1 : 0;
      mark = hit ? "✓" : "✗";
    }
    out.println(
        table
            ? "%-2s%s".formatted(mark, PredictionText.row(prediction, Terminal.columns() - 2))
            : "%s  %s".formatted(PredictionText.line(prediction), mark).stripTrailing());
    out.flush();
    statusIfDue(now);
  }

  /** A picture that an earlier run sent and did not see tagged. */
  synchronized void addEarlier() {
    earlier++;
    statusIfDue(nanoTime.getAsLong());
  }

  synchronized void add(Rejection rejection) {
    rejected++;
    err.println("not tagged: " + PredictionText.line(rejection));
    err.flush();
  }

  /** The last word. */
  synchronized void close() {
    if (predicted > 0) {
      status(nanoTime.getAsLong());
    }
  }

  synchronized long predicted() {
    return predicted;
  }

  private void statusIfDue(long now) {
    if (now - lastStatus >= STATUS.toNanos()) {
      lastStatus = now;
      status(now);
    }
  }

  private void status(long now) {
    double seconds = (now - first) / 1e9;
    String accuracy =
        labelled == 0
            ? ""
            : String.format(Locale.ROOT, ", %.1f %% of them right", 100.0 * right / labelled);
    String speed =
        predicted > 1
            ? String.format(Locale.ROOT, ", %.1f images/s", (predicted - 1) / seconds)
            : "";
    String refused = rejected == 0 ? "" : ", %d not tagged".formatted(rejected);
    String before = earlier == 0 ? "" : ", %d of the run before".formatted(earlier);
    err.printf("-- %d predictions%s%s%s%s%n", predicted, accuracy, speed, refused, before);
    err.flush();
  }
}
