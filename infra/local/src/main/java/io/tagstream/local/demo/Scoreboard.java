package io.tagstream.local.demo;

import io.tagstream.consumers.PredictionText;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.settings.Printable;
import io.tagstream.settings.Terminal;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Prints the predictions as they arrive and, every minute, their accuracy and rate. */
final class Scoreboard {
  private static final Duration STATUS = Duration.ofMinutes(1);

  /** Accuracy is reported over this many latest labelled images. */
  private static final int RECENT = 200;

  private final PrintWriter out;
  private final PrintWriter err;
  private final LongSupplier nanoTime;
  private final Supplier<Optional<String>> retraining;
  private final boolean table;
  private final Deque<Boolean> recent = new ArrayDeque<>();
  private String version = "";
  private Instant newest = Instant.MIN;
  private long first;
  private long lastStatus;
  private long predicted;
  private long labelled;
  private long right;
  private long rejected;
  private long earlier;

  /**
   * @param retraining supplies one line on the state of the retraining
   */
  Scoreboard(
      PrintWriter out,
      PrintWriter err,
      LongSupplier nanoTime,
      Supplier<Optional<String>> retraining) {
    this.out = out;
    this.err = err;
    this.nanoTime = nanoTime;
    this.retraining = retraining;
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
    noteVersion(prediction);
    String mark = "";
    if (prediction.getLabel().isPresent()) {
      labelled++;
      boolean hit =
          prediction.getTags().stream()
              .limit(1)
              .anyMatch(best -> best.getLabel().equals(prediction.getLabel().get()));
      right += hit ? 1 : 0;
      if (prediction.getModelVersion().equals(version)) {
        recent.add(hit);
        if (recent.size() > RECENT) {
          recent.remove();
        }
      }
      mark = hit ? "✓" : "✗";
    }
    out.println(
        table
            ? "%-2s%s".formatted(mark, PredictionText.row(prediction, Terminal.columns() - 2))
            : "%s  %s".formatted(PredictionText.line(prediction), mark).stripTrailing());
    out.flush();
    statusIfDue(now);
  }

  /**
   * Ignores a prediction older than the newest: partitions are read in turn, so the order varies.
   */
  private void noteVersion(Prediction prediction) {
    if (!prediction.getPredictedAt().isAfter(newest)) {
      return;
    }
    newest = prediction.getPredictedAt();
    String now = prediction.getModelVersion();
    if (!now.equals(version)) {
      if (!version.isEmpty()) {
        err.printf("-- %s is live; before: %s%n", Printable.of(now), accuracy());
        err.flush();
        // Accuracy restarts with each version.
        recent.clear();
      }
      version = now;
    }
  }

  private String accuracy() {
    long hits = recent.stream().filter(hit -> hit).count();
    return recent.isEmpty()
        ? "no labels yet"
        : String.format(
            Locale.ROOT,
            "%.1f %% of the last %d right",
            100.0 * hits / recent.size(),
            recent.size());
  }

  /** Counts the prediction for an image that an earlier run sent. */
  synchronized void addEarlier() {
    earlier++;
    statusIfDue(nanoTime.getAsLong());
  }

  synchronized void add(Rejection rejection) {
    rejected++;
    err.println("not tagged: " + PredictionText.line(rejection));
    err.flush();
  }

  /** Prints the final status. */
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
            : String.format(
                Locale.ROOT,
                ", %.1f %% of them right, of %s %s",
                100.0 * right / labelled,
                version,
                accuracy());
    String speed =
        predicted > 1
            ? String.format(Locale.ROOT, ", %.1f images/s", (predicted - 1) / seconds)
            : "";
    String refused = rejected == 0 ? "" : ", %d not tagged".formatted(rejected);
    String before = earlier == 0 ? "" : ", %d of an earlier run".formatted(earlier);
    String training = retraining.get().map("; "::concat).orElse("");
    err.printf(
        "-- %d predictions%s%s%s%s%s%n", predicted, accuracy, speed, refused, before, training);
    err.flush();
  }
}
