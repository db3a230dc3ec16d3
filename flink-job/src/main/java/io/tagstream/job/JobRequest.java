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
 * A job to run.
 *
 * @param models the store; its {@code live} version serves
 * @param trainingStore where what the model learns from is kept, a path or a URI that Flink writes
 *     to; without it labels are not read
 * @param checkpoints a path or a URI that Flink writes to; snapshots lie in a folder of the job's
 *     name below
 * @param name makes two jobs two: their snapshots, transactions and consumer groups
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
   * @throws UsageException for a name that could not be part of a folder's, a group's and a
   *     transaction's
   */
  public JobRequest {
    if (!NAME.matcher(name).matches()) {
      throw new UsageException(
          "--name: '%s' is no job's name: it begins with a letter or digit, and letters, digits, dots, dashes and underscores follow; a colon would let one job end another's transactions"
              .formatted(name));
    }
    if (Topics.isLockOfAnother(name)) {
      throw new UsageException(
          "--name: '%s' would take the consumer group in which a job named '%s' holds its name; choose another one"
              .formatted(name, name.substring(0, name.lastIndexOf('-'))));
    }
  }
}
