package io.tagstream.consumers;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.Troubles;
import io.tagstream.settings.DataSize;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Formats the last status that a job wrote, as lines of text and as JSON. */
final class JobText {
  private final JobStatus status;
  private final Instant now;

  JobText(JobStatus status, Instant now) {
    this.status = status;
    this.now = now;
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("job %s: %s".formatted(status.job(), state()));
    lines.add(
        "engine: %s on %s, %d views; Kafka cluster %s at %s"
            .formatted(
                status.serving().engine(),
                status.serving().device(),
                status.serving().views(),
                status.kafka().clusterId(),
                status.kafka().bootstrapServers()));
    status.resumedFrom().ifPresent(snapshot -> lines.add("resumed from: " + snapshot));
    lines.add(
        "last checkpoint: "
            + status.lastCheckpoint().map(this::text).orElse("none since the start"));
    if (status.failedCheckpoints().count() > 0) {
      lines.add("failed checkpoints: " + text(status.failedCheckpoints()));
    }
    if (status.restarts().count() > 0) {
      lines.add("restarts: " + text(status.restarts()));
    }
    return lines;
  }

  private String state() {
    if (status.isStale(now)) {
      return "does not run; it was %s %s, and %s%s"
          .formatted(
              status.state().word(),
              ago(status.writtenAt()),
              process(),
              status.process().isGone() ? " is gone" : " has not written its status since");
    }
    String cause = status.cause().map(": "::concat).orElse("");
    return switch (status.state()) {
      case RUNNING, STARTING, RESTARTING, STOPPING ->
          "%s%s, since %s, %s"
              .formatted(status.state().word(), cause, status.startedAt(), process());
      case STOPPED, FAILED -> "%s%s%s".formatted(status.state().word(), ended(), cause);
    };
  }

  private String process() {
    return "process %d on %s".formatted(status.process().id(), status.process().host());
  }

  private String ended() {
    if (status.end().isEmpty()) {
      return "";
    }
    JobStatus.End end = status.end().get();
    String what =
        end.savepoint()
            .map(" with savepoint "::concat)
            .or(() -> end.remains().map(" without a savepoint, %s remains"::formatted))
            .orElse(" without a savepoint");
    return " at %s (%s)%s".formatted(end.at(), ago(end.at()), what);
  }

  private String text(JobStatus.Checkpoint checkpoint) {
    return "number %d, %s%s%s"
        .formatted(
            checkpoint.id(),
            ago(checkpoint.completedAt()),
            checkpoint.durationMs().map(", took %d ms"::formatted).orElse(""),
            checkpoint.bytes().map(bytes -> ", " + size(bytes)).orElse(""));
  }

  /** In the largest unit of which there are ten, rounded down. */
  private static String size(long bytes) {
    long unit = 1;
    while (bytes / unit >= 10 * 1024) {
      unit *= 1024;
    }
    return new DataSize(bytes / unit * unit).toString();
  }

  private String text(Troubles troubles) {
    return "%d%s%s"
        .formatted(
            troubles.count(),
            troubles.lastAt().map(at -> ", the last " + ago(at)).orElse(""),
            troubles.lastCause().map(cause -> ": " + cause).orElse(""));
  }

  private String ago(Instant at) {
    return RoughTime.of(age(at)) + " ago";
  }

  /** Never negative, even if the clock of the job's machine is ahead. */
  private Duration age(Instant at) {
    Duration age = Duration.between(at, now);
    return age.isNegative() ? Duration.ZERO : age;
  }

  /** Writes the status as a JSON object. */
  void writeTo(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("state", status.state().word());
    json.writeBooleanField("stale", status.isStale(now));
    string(json, "cause", status.cause());
    json.writeStringField("startedAt", status.startedAt().toString());
    json.writeStringField("writtenAt", status.writtenAt().toString());
    json.writeObjectFieldStart("process");
    json.writeNumberField("id", status.process().id());
    json.writeStringField("host", status.process().host());
    json.writeEndObject();
    json.writeObjectFieldStart("kafka");
    json.writeStringField("clusterId", status.kafka().clusterId());
    json.writeStringField("bootstrapServers", status.kafka().bootstrapServers());
    json.writeStringField("topicPrefix", status.kafka().topicPrefix());
    json.writeEndObject();
    json.writeObjectFieldStart("serving");
    string(json, "liveVersion", status.serving().liveVersion());
    json.writeStringField("engine", status.serving().engine());
    json.writeStringField("device", status.serving().device());
    json.writeNumberField("views", status.serving().views());
    json.writeEndObject();
    string(json, "resumedFrom", status.resumedFrom());
    json.writeFieldName("lastCheckpoint");
    if (status.lastCheckpoint().isPresent()) {
      write(json, status.lastCheckpoint().get());
    } else {
      json.writeNull();
    }
    write(json, "failedCheckpoints", status.failedCheckpoints());
    write(json, "restarts", status.restarts());
    json.writeFieldName("end");
    if (status.end().isPresent()) {
      JobStatus.End end = status.end().get();
      json.writeStartObject();
      json.writeStringField("at", end.at().toString());
      string(json, "savepoint", end.savepoint());
      string(json, "remains", end.remains());
      json.writeEndObject();
    } else {
      json.writeNull();
    }
    json.writeEndObject();
  }

  private void write(JsonGenerator json, JobStatus.Checkpoint checkpoint) throws IOException {
    json.writeStartObject();
    json.writeNumberField("id", checkpoint.id());
    json.writeStringField("completedAt", checkpoint.completedAt().toString());
    json.writeNumberField("ageSeconds", age(checkpoint.completedAt()).toSeconds());
    number(json, "durationMs", checkpoint.durationMs());
    number(json, "bytes", checkpoint.bytes());
    string(json, "location", checkpoint.location());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, Troubles troubles) throws IOException {
    json.writeObjectFieldStart(name);
    json.writeNumberField("count", troubles.count());
    string(json, "lastAt", troubles.lastAt().map(Instant::toString));
    string(json, "lastCause", troubles.lastCause());
    json.writeEndObject();
  }

  private static void string(JsonGenerator json, String name, Optional<String> value)
      throws IOException {
    json.writeFieldName(name);
    if (value.isPresent()) {
      json.writeString(value.get());
    } else {
      json.writeNull();
    }
  }

  private static void number(JsonGenerator json, String name, Optional<Long> value)
      throws IOException {
    json.writeFieldName(name);
    if (value.isPresent()) {
      json.writeNumber(value.get());
    } else {
      json.writeNull();
    }
  }
}
