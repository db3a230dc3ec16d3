package io.tagstream.job.flow;

import io.tagstream.schemas.LabelOrigin;
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

  /** Names pictures that belong together; null where there is none. */
  public String group;

  /** When the record that carried the label was appended. */
  public Instant at;

  /** Why the picture was labelled, as {@link LabelOrigin} has it. */
  public String origin;

  /** The encoded picture; null when it is withdrawn. */
  public byte[] content;

  /** For Flink's serializer. */
  public TrainingRow() {}

  private TrainingRow(
      String imageId,
      Optional<String> label,
      Optional<String> group,
      Instant at,
      String origin,
      Optional<byte[]> content) {
    this.imageId = imageId;
    this.label = label.orElse(null);
    this.group = group.orElse(null);
    this.at = at;
    this.origin = origin;
    this.content = content.orElse(null);
  }

  /** A picture and what it shows. */
  public static TrainingRow labelled(
      String imageId,
      String label,
      Optional<String> group,
      Instant at,
      String origin,
      byte[] content) {
    return new TrainingRow(imageId, Optional.of(label), group, at, origin, Optional.of(content));
  }

  /** Takes a picture out of later training. */
  public static TrainingRow withdrawn(String imageId, Instant at, String origin) {
    return new TrainingRow(
        imageId, Optional.empty(), Optional.empty(), at, origin, Optional.empty());
  }
}
