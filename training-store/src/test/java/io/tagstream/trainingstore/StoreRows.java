package io.tagstream.trainingstore;

import io.tagstream.schemas.Source;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes files of a training store for tests. */
public final class StoreRows {
  private StoreRows() {}

  /**
   * A row whose group is the first letter of its label.
   *
   * @param label if empty, the row withdraws the image
   * @param at in milliseconds
   * @param picture text that stands for the image's bytes
   */
  public record Row(String id, String label, long at, Optional<Source> source, String picture) {
    /** The same row from a record at an offset of the single partition of labels. */
    Row from(long offset) {
      return new Row(id, label, at, Optional.of(new Source("labels", 0, offset)), picture);
    }

    /** The same row with another image. */
    Row showing(String other) {
      return new Row(id, label, at, source, other);
    }
  }

  /** A row whose image bytes are derived from its id. */
  public static Row row(String id, String label, long at) {
    return new Row(id, label, at, Optional.empty(), textOf(id));
  }

  static Row withdrawal(String id, long at) {
    return new Row(id, "", at, Optional.empty(), "");
  }

  private static String textOf(String id) {
    return "picture of " + id;
  }

  static byte[] picture(String id) {
    return textOf(id).getBytes(StandardCharsets.UTF_8);
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
            withdraws
                ? Optional.empty()
                : Optional.of(row.picture().getBytes(StandardCharsets.UTF_8)));
      }
    }
    return path;
  }

  /** The header of a file that an earlier release merged. */
  static Map<String, String> joinedEarlier(StoreFile.Part... parts) {
    return Map.of(
        "tagstream.parts",
        Stream.of(parts)
            .map(part -> part.rows() + " " + part.name())
            .collect(Collectors.joining("\n")));
  }

  /** The manifest of a run on everything in a store. */
  static RunManifest run(TrainingStore store, String version) {
    Listing listing = store.list();
    return new RunManifest(
        new RetrainRun(
            version,
            "v0",
            Instant.ofEpochMilli(1),
            RetrainRun.Cause.LABELS,
            "200 new labels",
            List.of("r1"),
            Optional.of(Instant.ofEpochMilli(2))),
        listing.rowsOutside(store.runs().parts()),
        listing.files(),
        listing.unusable());
  }
}
