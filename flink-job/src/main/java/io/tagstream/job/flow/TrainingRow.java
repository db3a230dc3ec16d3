package io.tagstream.job.flow;

import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.TrainingImage;
import java.time.Instant;
import java.util.Optional;

/**
 * A labelled image for the training store, or the withdrawal of one. Mutable because Flink's POJO
 * serializer requires it; never changed after construction.
 */
public final class TrainingRow {
  public String imageId;

  /**
   * Normalized by {@link io.tagstream.schemas.LabelText}; null withdraws the image. A Flink element
   * cannot hold an Optional.
   */
  public String label;

  /** Whether the image was labelled as showing none of the classes; it is then withdrawn. */
  public boolean unknown;

  /** Images of one group belong together; null if there is none. */
  public String group;

  /** When the record that carried the label was appended. */
  public Instant at;

  /** Why the image was labelled: a word of {@link LabelOrigin}. */
  public String origin;

  /**
   * The coordinates of the record that carried the label; null if the row does not contain them.
   */
  public Coordinates source;

  /** The encoded image; null when it is withdrawn. */
  public byte[] content;

  /**
   * The stored row that this one was read from, which is rewritten unchanged; null on the stream,
   * because Flink's serializer skips it.
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
   * An image and its label.
   *
   * @param source the coordinates of the record that carried the label
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
   * Excludes an image from later training.
   *
   * @param unknown whether the image shows none of the classes
   * @param source the coordinates of the record that withdraws it
   */
  public static TrainingRow withdrawn(
      String imageId, boolean unknown, Instant at, String origin, Coordinates source) {
    return new TrainingRow(
        imageId, Optional.empty(), unknown, Optional.empty(), at, origin, source, Optional.empty());
  }
}
