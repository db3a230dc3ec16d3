package io.tagstream.job.health;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The facts about a job that are fixed when it starts.
 *
 * @param models the model store, which also holds the job's status
 * @param engine the value of {@code --engine}
 * @param device the value of {@code --device}
 * @param views crops per image
 * @param beginning what the job resumes from or begins with; continues a sentence that begins with
 *     its name
 * @param resumedFrom the snapshot; empty without one
 */
public record JobFacts(
    String job,
    Path models,
    JobStatus.Kafka kafka,
    String engine,
    String device,
    int views,
    String beginning,
    Optional<String> resumedFrom,
    Instant startedAt) {

  public JobFacts {
    Objects.requireNonNull(job);
    Objects.requireNonNull(models);
    Objects.requireNonNull(kafka);
    Objects.requireNonNull(engine);
    Objects.requireNonNull(device);
    Objects.requireNonNull(beginning);
    Objects.requireNonNull(resumedFrom);
    Objects.requireNonNull(startedAt);
  }

  /** The lines that a start prints. */
  public List<String> lines() {
    return List.of(
        "job %s %s".formatted(job, beginning),
        "Kafka cluster %s at %s%s"
            .formatted(
                kafka.clusterId(),
                kafka.bootstrapServers(),
                kafka.topicPrefix().isEmpty() ? "" : ", topics " + kafka.topicPrefix() + "…"),
        "model %s by %s on %s, %d views"
            .formatted(liveVersion(models).orElse("unknown"), engine, device, views));
  }

  /** The version that {@code MODELS/live} names; empty when it cannot be read. */
  static Optional<String> liveVersion(Path models) {
    try {
      return Optional.of(new ModelStore(models).live());
    } catch (ModelException e) {
      return Optional.empty();
    }
  }

  /** The operator that writes the job's status on a cluster. */
  public StatusOperator onCluster() {
    return new StatusOperator(status(Observation.none(), Optional.empty(), startedAt), models);
  }

  /** The job's status after an observation. */
  JobStatus status(Observation seen, Optional<JobStatus.End> end, Instant now) {
    return new JobStatus(
        JobStatus.FORMAT,
        job,
        seen.state(),
        seen.cause(),
        startedAt,
        now,
        JobStatus.Writer.current(),
        kafka,
        new JobStatus.Serving(liveVersion(models), engine, device, views),
        resumedFrom,
        seen.last(),
        seen.failedCheckpoints(),
        seen.restarts(),
        end);
  }
}
