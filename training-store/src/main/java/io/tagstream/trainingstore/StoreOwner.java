package io.tagstream.trainingstore;

import io.tagstream.model.store.StoreJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * The job that owns a training store, {@code STORE/.job}. Earlier releases wrote only the job's
 * name.
 *
 * @param cluster the id of the Kafka cluster with the labels
 * @param models the model store's path relative to this store, so that both may be moved together
 */
record StoreOwner(String job, Optional<String> cluster, Optional<String> models) {
  StoreOwner {
    Objects.requireNonNull(job);
    Objects.requireNonNull(cluster);
    Objects.requireNonNull(models);
  }

  static StoreOwner of(String job, String cluster, Path store, Path models) {
    Path from = store.toAbsolutePath().normalize();
    Path to = models.toAbsolutePath().normalize();
    String seen =
        from.getFileSystem().equals(to.getFileSystem())
            ? from.relativize(to).toString()
            : to.toUri().toString();
    return new StoreOwner(job, Optional.of(cluster), Optional.of(seen));
  }

  /** Reads the output of {@link #bytes}, or of an earlier release. */
  static StoreOwner read(byte[] bytes) throws IOException {
    String text = new String(bytes, StandardCharsets.UTF_8).strip();
    return text.startsWith("{")
        ? StoreJson.read(bytes, StoreOwner.class)
        : new StoreOwner(text, Optional.empty(), Optional.empty());
  }

  byte[] bytes() {
    return StoreJson.write(this);
  }

  boolean isIncomplete() {
    return cluster.isEmpty() || models.isEmpty();
  }

  /** How this owner differs from another one, in words; unknown fields are not compared. */
  Optional<String> difference(StoreOwner other) {
    if (!job.equals(other.job)) {
      return Optional.of("job %s, not %s".formatted(job, other.job));
    }
    if (differs(cluster, other.cluster)) {
      return Optional.of(
          "job %s on the Kafka cluster %s, not %s"
              .formatted(job, cluster.orElseThrow(), other.cluster.orElseThrow()));
    }
    if (differs(models, other.models)) {
      return Optional.of(
          "job %s with the models in %s, not in %s (relative to the store)"
              .formatted(job, models.orElseThrow(), other.models.orElseThrow()));
    }
    return Optional.empty();
  }

  private static boolean differs(Optional<String> one, Optional<String> other) {
    return one.isPresent() && other.isPresent() && !one.equals(other);
  }
}
