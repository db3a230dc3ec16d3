package io.tagstream.job;

import io.tagstream.trainingstore.TrainingFileWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Writes files of a training store for tests of the job. */
public final class TrainingFiles {
  private TrainingFiles() {}

  /**
   * A labelled image.
   *
   * @param at milliseconds since the epoch
   */
  public record Row(String id, String label, long at) {}

  public static Row row(String id, String label, long at) {
    return new Row(id, label, at);
  }

  /** The bytes of an image, derived from its id. */
  public static byte[] picture(String id) {
    return ("picture of " + id).getBytes(StandardCharsets.UTF_8);
  }

  public static Path write(Path store, String name, Row... rows) throws IOException {
    Files.createDirectories(store);
    Path path = store.resolve(name);
    try (TrainingFileWriter writer =
        new TrainingFileWriter(Files.newOutputStream(path), Map.of())) {
      for (Row row : rows) {
        writer.append(
            row.id(),
            Optional.of(row.label()),
            false,
            Optional.of("group of " + row.id()),
            Instant.ofEpochMilli(row.at()),
            "producer",
            Optional.empty(),
            Optional.of(picture(row.id())));
      }
    }
    return path;
  }
}
