package io.tagstream.job.flow;

import java.time.Instant;
import java.util.Optional;

/**
 * The crops of one image on their way to the engine; the bytes they were decoded from stay behind.
 * Flink's serializer needs the form; nothing changes one after it was made.
 */
public final class DecodedImage {
  public Coordinates source;
  public String imageId;

  /** Null where the image has none, as is {@link #capturedAt}: an element holds no Optional. */
  public String label;

  public Instant capturedAt;

  /** The record's timestamp. */
  public Instant appendedAt;

  public Instant decodedAt;

  /** {@code [views][S][S][3]}, RGB. */
  public byte[] pixels;

  /** For Flink's serializer. */
  public DecodedImage() {}

  public DecodedImage(
      Coordinates source,
      String imageId,
      Optional<String> label,
      Optional<Instant> capturedAt,
      Instant appendedAt,
      Instant decodedAt,
      byte[] pixels) {
    this.source = source;
    this.imageId = imageId;
    this.label = label.orElse(null);
    this.capturedAt = capturedAt.orElse(null);
    this.appendedAt = appendedAt;
    this.decodedAt = decodedAt;
    this.pixels = pixels;
  }
}
