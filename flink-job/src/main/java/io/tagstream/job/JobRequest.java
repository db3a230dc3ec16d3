package io.tagstream.job;

import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UsageException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The parameters of a job, from its options and settings.
 *
 * @param models the model store, whose {@code live} version serves
 * @param trainingStore a path or a URI that Flink writes to; without it labels are not read
 * @param checkpoints a path or a URI that Flink writes to; snapshots are in a subfolder of the
 *     job's name
 * @param name identifies the job's snapshots, transactions and consumer groups
 */
public record JobRequest(
    KafkaConnection connection,
    Topics topics,
    Path models,
    Optional<String> trainingStore,
    String checkpoints,
    String name,
    EngineKind engine,
    Device device,
    Views views,
    Wish wish,
    Settings settings) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

  /**
   * @throws UsageException for a name that cannot be part of the names of a folder, a consumer
   *     group and a transaction
   */
  public JobRequest {
    if (!NAME.matcher(name).matches()) {
      throw new UsageException(
          "--name: '%s' is not a valid job name: it must begin with a letter or digit and have at most 100 letters, digits, dots, dashes and underscores; with a colon, one job could abort the transactions of another"
              .formatted(name));
    }
    if (Topics.isLockOfAnother(name)) {
      throw new UsageException(
          "--name: '%s' would use the consumer group with which a job named '%s' locks its name; choose another one"
              .formatted(name, name.substring(0, name.lastIndexOf('-'))));
    }
  }
}
