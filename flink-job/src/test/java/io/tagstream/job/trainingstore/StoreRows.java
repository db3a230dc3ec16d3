package io.tagstream.job.trainingstore;

import io.tagstream.schemas.Source;
import io.tagstream.schemas.TrainingFileWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Files of a training store as tests write them. */
public final class StoreRows {
  private StoreRows() {}

  /**
   * A row whose picture is its id's bytes, in a group of its label's first letter.
   *
   * @param label empty withdraws it
   * @param at milliseconds
   */
  public record Row(String id, String label, long at, Optional<Source> source) {
    /** The same from a record at an offset of the one partition of labels. */
    Row from(long offset) {
      return new Row(id, label, at, Optional.of(new Source("labels", 0, offset)));
    }
  }

  public static Row row(String id, String label, long at) {
    return new Row(id, label, at, Optional.empty());
  }

  static Row withdrawal(String id, long at) {
    return new Row(id, "", at, Optional.empty());
  }

  static byte[] picture(String id) {
    return ("picture of " + id).getBytes(StandardCharsets.UTF_8);
  }

  public static Path write(Path store, String name, Row... rows) throws IOException {
    return write(store, name, Map.of(), List.of(rows));
  }

  static Path write(Path store, String name, Map<String, String> notes, List<Row> rows)
      throws IOException {
    Files.createDirectories(store);
    Path path = store.resolve(name);
    try (TrainingFileWriter writer = new TrainingFileWriter(Files.newOutputStream(path), notes)) {
      for (Row row : rows) {
        boolean withdraws = row.label().isEmpty();
        writer.append(
            row.id(),
            withdraws ? Optional.empty() : Optional.of(row.label()),
            false,
            withdraws ? Optional.empty() : Optional.of("group of " + row.id()),
            Instant.ofEpochMilli(row.at()),
            "producer",
            row.source(),
            withdraws ? Optional.empty() : Optional.of(picture(row.id())));
      }
    }
    return path;
  }

  /** A run on all that is in a store. */
  static TrainingRun run(TrainingStore store, String version) {
    Listing listing = store.list();
    return new TrainingRun(
        version,
        "v0",
        Instant.ofEpochMilli(1),
        "labels",
        "200 new labels",
        List.of("r1"),
        Optional.of(Instant.ofEpochMilli(2)),
        listing.rowsBeside(store.runs().parts()),
        listing.files(),
        listing.unusable());
  }
}
