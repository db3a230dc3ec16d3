package io.tagstream.job.flow;

import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.TrainingImage;
import java.time.Instant;
import java.util.Optional;

/**
 * A labelled picture on its way to the training store, or the withdrawal of one. Flink's serializer
 * needs the form; nothing changes one after it was made.
 */
public final class TrainingRow {
  public String imageId;

  /**
   * As {@link io.tagstream.schemas.LabelText} has it; null withdraws the picture. A stream's
   * element cannot hold an Optional.
   */
  public String label;

  /** Whether the picture was said to show none of the classes; it is then withdrawn. */
  public boolean unknown;

  /** Names pictures that belong together; null where there is none. */
  public String group;

  /** When the record that carried the label was appended. */
  public Instant at;

  /** Why the picture was labelled, as {@link LabelOrigin} has it. */
  public String origin;

  /** Where the record stood that carried the label; null where the row does not say. */
  public Coordinates source;

  /** The encoded picture; null when it is withdrawn. */
  public byte[] content;

  /**
   * The row that this one was read from, to be written again as it is; null on the stream, where
   * Flink's serializer leaves it out.
   */
  public transient TrainingImage stored;

  /** For Flink's serializer. */
  public TrainingRow() {}

  private TrainingRow(
      String imageId,
      Optional<String> label,
      boolean unknown,
      Optional<String> group,
      Instant at,
      String origin,
      Coordinates source,
      Optional<byte[]> content) {
    this.imageId = imageId;
    this.label = label.orElse(null);
    this.unknown = unknown;
    this.group = group.orElse(null);
    this.at = at;
    this.origin = origin;
    this.source = source;
    this.content = content.orElse(null);
  }

  /**
   * A picture and what it shows.
   *
   * @param source of the record that carried the label
   */
  public static TrainingRow labelled(
      String imageId,
      String label,
      Optional<String> group,
      Instant at,
      String origin,
      Coordinates source,
      byte[] content) {
    return new TrainingRow(
        imageId, Optional.of(label), false, group, at, origin, source, Optional.of(content));
  }

  /**
   * Takes a picture out of later training.
   *
   * @param unknown because it shows none of the classes
   * @param source of the record that says so
   */
  public static TrainingRow withdrawn(
      String imageId, boolean unknown, Instant at, String origin, Coordinates source) {
    return new TrainingRow(
        imageId, Optional.empty(), unknown, Optional.empty(), at, origin, source, Optional.empty());
  }
}
