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

/** Files of a training store as tests write them. */
public final class StoreRows {
  private StoreRows() {}

  /**
   * A row in a group of its label's first letter.
   *
   * @param label empty withdraws it
   * @param at milliseconds
   * @param picture stands for its bytes
   */
  public record Row(String id, String label, long at, Optional<Source> source, String picture) {
    /** The same from a record at an offset of the one partition of labels. */
    Row from(long offset) {
      return new Row(id, label, at, Optional.of(new Source("labels", 0, offset)), picture);
    }

    /** The same with another picture. */
    Row showing(String other) {
      return new Row(id, label, at, source, other);
    }
  }

  /** A row whose picture is made of its id. */
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

  /** The header of a file that an earlier release joined of others. */
  static Map<String, String> joinedEarlier(StoreFile.Part... parts) {
    return Map.of(
        "tagstream.parts",
        Stream.of(parts)
            .map(part -> part.rows() + " " + part.name())
            .collect(Collectors.joining("\n")));
  }

  /** A run on all that is in a store. */
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
        listing.rowsBeside(store.runs().parts()),
        listing.files(),
        listing.unusable());
  }
}
