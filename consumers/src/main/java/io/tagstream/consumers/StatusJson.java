package io.tagstream.consumers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.ModelException;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.RetrainStatus;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** The output of {@code status --json} for one job. */
final class StatusJson {
  private static final JsonFactory JSON = new JsonFactory();

  private final String job;
  private final Optional<Path> models;

  StatusJson(String job, Optional<Path> models) {
    this.job = job;
    this.models = models;
  }

  private interface Part {
    void writeTo(JsonGenerator json) throws IOException;
  }

  /** The complete status. */
  String of(StreamStatus stream) {
    return object(
        json -> {
          json.writeBooleanField("started", stream.started());
          write(json, "lag", stream.lag());
          write(json, "rejected", stream.rejected());
          json.writeFieldName("oldestOpenTransaction");
          StreamStatus.Open open = stream.open();
          if (open.oldest().isPresent()) {
            open.oldest().get().writeTo(json, job, Instant.now());
          } else if (open.unknown().isPresent()) {
            json.writeStartObject();
            json.writeStringField("unknown", open.unknown().get());
            json.writeEndObject();
          } else {
            json.writeNull();
          }
        });
  }

  /** The status that is known without Kafka, and why Kafka did not answer. */
  String without(String problem) {
    return object(
        json -> {
          json.writeNullField("started");
          json.writeNullField("lag");
          json.writeNullField("rejected");
          json.writeNullField("oldestOpenTransaction");
          json.writeStringField("problem", problem);
        });
  }

  private String object(Part stream) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("job", job);
      json.writeFieldName("status");
      writeJob(json);
      json.writeFieldName("liveVersion");
      Optional<String> live = models.flatMap(StatusJson::live);
      if (live.isPresent()) {
        json.writeString(live.get());
      } else {
        json.writeNull();
      }
      stream.writeTo(json);
      json.writeFieldName("retraining");
      Optional<RetrainStatus> retraining = models.flatMap(path -> RetrainStatus.read(path, job));
      if (retraining.isPresent()) {
        new RetrainingText(retraining.get(), Instant.now()).writeTo(json);
      } else {
        json.writeNull();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toString();
  }

  private void writeJob(JsonGenerator json) throws IOException {
    try {
      Optional<JobStatus> status = models.flatMap(path -> JobStatus.read(path, job));
      if (status.isPresent()) {
        new JobText(status.get(), Instant.now()).writeTo(json);
      } else {
        json.writeNull();
      }
    } catch (ModelException e) {
      json.writeStartObject();
      json.writeStringField("unknown", e.getMessage());
      json.writeEndObject();
    }
  }

  private static void write(JsonGenerator json, String name, Map<String, Long> counts)
      throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<String, Long> count : counts.entrySet()) {
      json.writeNumberField(count.getKey(), count.getValue());
    }
    json.writeEndObject();
  }

  private static Optional<String> live(Path models) {
    try {
      return Optional.of(new ModelStore(models).live());
    } catch (ModelException e) {
      return Optional.empty();
    }
  }
}
