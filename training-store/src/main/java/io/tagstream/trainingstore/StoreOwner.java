package io.tagstream.trainingstore;

import io.tagstream.model.store.StoreJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Whose a training store is, {@code STORE/.job}. One that a version before wrote is the job's name
 * alone.
 *
 * @param cluster the id of the Kafka cluster that the labels come from
 * @param models the folder of the models, as seen from the store, so that both may be moved
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

  /** From what {@link #bytes} gave, or a version before. */
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

  /** Where this is another than the one given, in a sentence; what is not known differs not. */
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
          "job %s with the models in %s, not in %s (as seen from the store)"
              .formatted(job, models.orElseThrow(), other.models.orElseThrow()));
    }
    return Optional.empty();
  }

  private static boolean differs(Optional<String> one, Optional<String> other) {
    return one.isPresent() && other.isPresent() && !one.equals(other);
  }
}
