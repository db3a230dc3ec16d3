package io.tagstream.consumers;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.settings.Printable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Formats the status of a job's retraining, as lines of text and as JSON. */
public final class RetrainingText {
  /** A running job writes its status every few seconds; an older status is not current. */
  private static final Duration FRESH = Duration.ofSeconds(30);

  private final RetrainStatus status;
  private final Instant now;

  RetrainingText(RetrainStatus status, Instant now) {
    this.status = status;
    this.now = now;
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (status.stopped().isPresent()) {
      lines.add("the training stopped with the job at " + status.stopped().get());
    } else if (!fresh()) {
      lines.add(
          "the job is not running or does not train; its last status is of %s, %s"
              .formatted(
                  status.at(),
                  status.at().isAfter(now)
                      ? "which is in the future: a clock was wrong"
                      : RoughTime.of(Duration.between(status.at(), now)) + " ago"));
    }
    status.damage().ifPresent(damage -> lines.add("no run starts: " + damage));
    lines.add(waitsFor(status));
    if (!status.waiting().isEmpty()) {
      lines.add("classes that wait: " + String.join("; ", status.waiting()));
    }
    status.run().ifPresent(run -> lines.add(isTraining() ? line(run) : unfinished(run)));
    status
        .last()
        .ifPresent(
            last ->
                lines.add(
                    "last run: %s %s, %s (%s)"
                        .formatted(last.version(), last.outcome(), last.reason(), last.at())));
    status.accuracy().forEach((version, answers) -> lines.add(line(version, answers)));
    return lines;
  }

  /** One line on the current run or, without one, on what the next run waits for. */
  public static String summary(RetrainStatus status) {
    return Printable.of(
        status
            .run()
            .map(RetrainingText::line)
            .or(() -> status.damage().map("no run starts: "::concat))
            .orElseGet(() -> waitsFor(status)));
  }

  private boolean isTraining() {
    return status.stopped().isEmpty() && fresh();
  }

  private static String waitsFor(RetrainStatus status) {
    return "new labels: %d, a run starts at %d; %d rows in the training store, %d images held out%s%s%s"
        .formatted(
            status.newLabels(),
            status.neededLabels(),
            status.rows(),
            status.heldOut(),
            status.heldOut() < status.neededHeldOut()
                ? ", no run before %d".formatted(status.neededHeldOut())
                : "",
            status
                .labelsWaiting()
                .filter(labels -> labels > 0)
                .map("; %d labels wait for their image"::formatted)
                .orElse(""),
            status.requests() == 0 ? "" : "; requested by retrain");
  }

  private boolean fresh() {
    // A status from the future, written while a clock was ahead, is not fresh either.
    return Duration.between(status.at(), now).abs().compareTo(FRESH) <= 0;
  }

  private static String line(RetrainStatus.Run run) {
    if (run.pause().isPresent()) {
      RetrainStatus.Pause pause = run.pause().get();
      return "training: %s waits until %s for attempt %d, because %s; %s"
          .formatted(
              run.version(),
              pause.until().truncatedTo(ChronoUnit.SECONDS),
              run.attempt(),
              pause.reason(),
              run.cause());
    }
    String attempt = run.attempt() > 1 ? ", attempt %d".formatted(run.attempt()) : "";
    return "training: %s%s, %s, %s"
        .formatted(
            run.version(),
            attempt,
            run.progress().map(RetrainingText::text).orElse("reading the images"),
            run.cause());
  }

  /** A run that no process continues now; so there is no remaining time. */
  private static String unfinished(RetrainStatus.Run run) {
    return "unfinished run: %s%s resumes with the job, %s"
        .formatted(
            run.version(),
            run.progress().map(progress -> ", " + position(progress) + ",").orElse(""),
            run.cause());
  }

  private static String position(RetrainStatus.Progress progress) {
    return "epoch %d of %d, %d of %d image-steps"
        .formatted(progress.epoch(), progress.epochs(), progress.step(), progress.steps());
  }

  private static String text(RetrainStatus.Progress progress) {
    return String.format(
        Locale.ROOT,
        "%s, loss %.3f, %.1f images/s, %s left",
        position(progress),
        progress.loss(),
        progress.imagesPerSecond(),
        RoughTime.of(progress.remaining()));
  }

  private static String line(String version, RetrainStatus.Accuracy answers) {
    return String.format(
        Locale.ROOT,
        "live accuracy of %s: %.1f %% of the last %d labels, %.1f %% of all %d",
        version,
        100.0 * answers.recentRight() / answers.recentLabels(),
        answers.recentLabels(),
        100.0 * answers.right() / answers.labels(),
        answers.labels());
  }

  /** Writes the status as a JSON object. */
  void writeTo(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("at", status.at().toString());
    json.writeBooleanField("fresh", fresh());
    json.writeNumberField("newLabels", status.newLabels());
    json.writeNumberField("neededLabels", status.neededLabels());
    json.writeNumberField("rows", status.rows());
    json.writeNumberField("heldOut", status.heldOut());
    json.writeNumberField("neededHeldOut", status.neededHeldOut());
    json.writeArrayFieldStart("waitingClasses");
    for (String waiting : status.waiting()) {
      json.writeString(waiting);
    }
    json.writeEndArray();
    json.writeNumberField("requests", status.requests());
    writeNumber(json, "labelsWaiting", status.labelsWaiting());
    write(json, "damage", status.damage());
    write(json, "stoppedAt", status.stopped().map(Instant::toString));
    json.writeFieldName("run");
    if (status.run().isPresent()) {
      write(json, status.run().get());
    } else {
      json.writeNull();
    }
    json.writeFieldName("lastRun");
    if (status.last().isPresent()) {
      RetrainStatus.Ended last = status.last().get();
      json.writeStartObject();
      json.writeStringField("version", last.version());
      json.writeStringField("outcome", last.outcome());
      json.writeStringField("reason", last.reason());
      json.writeStringField("at", last.at().toString());
      json.writeEndObject();
    } else {
      json.writeNull();
    }
    json.writeObjectFieldStart("liveAccuracy");
    for (Map.Entry<String, RetrainStatus.Accuracy> entry : status.accuracy().entrySet()) {
      RetrainStatus.Accuracy answers = entry.getValue();
      json.writeObjectFieldStart(entry.getKey());
      json.writeNumberField("labels", answers.labels());
      json.writeNumberField("right", answers.right());
      json.writeNumberField("recentLabels", answers.recentLabels());
      json.writeNumberField("recentRight", answers.recentRight());
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, Optional<String> text)
      throws IOException {
    if (text.isPresent()) {
      json.writeStringField(name, text.get());
    } else {
      json.writeNullField(name);
    }
  }

  private static void writeNumber(JsonGenerator json, String name, Optional<Long> number)
      throws IOException {
    if (number.isPresent()) {
      json.writeNumberField(name, number.get());
    } else {
      json.writeNullField(name);
    }
  }

  private static void write(JsonGenerator json, RetrainStatus.Run run) throws IOException {
    json.writeStartObject();
    json.writeStringField("version", run.version());
    json.writeStringField("cause", run.cause());
    json.writeStringField("started", run.started().toString());
    json.writeNumberField("attempt", run.attempt());
    json.writeFieldName("progress");
    if (run.progress().isPresent()) {
      RetrainStatus.Progress progress = run.progress().get();
      json.writeStartObject();
      json.writeNumberField("epoch", progress.epoch());
      json.writeNumberField("epochs", progress.epochs());
      json.writeNumberField("step", progress.step());
      json.writeNumberField("steps", progress.steps());
      json.writeNumberField("imagesPerSecond", progress.imagesPerSecond());
      json.writeNumberField("loss", progress.loss());
      json.writeNumberField("waiting", progress.waiting());
      json.writeNumberField("remainingSeconds", progress.remaining().toSeconds());
      json.writeEndObject();
    } else {
      json.writeNull();
    }
    json.writeFieldName("pause");
    if (run.pause().isPresent()) {
      json.writeStartObject();
      json.writeStringField("until", run.pause().get().until().toString());
      json.writeStringField("reason", run.pause().get().reason());
      json.writeEndObject();
    } else {
      json.writeNull();
    }
    json.writeEndObject();
  }
}
