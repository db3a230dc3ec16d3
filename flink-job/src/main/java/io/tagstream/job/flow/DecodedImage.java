package io.tagstream.job.flow;

import java.time.Instant;
import java.util.Optional;

/**
 * The crops of one image, without its encoded bytes. Mutable because Flink's POJO serializer
 * requires it; never changed after construction.
 */
public final class DecodedImage {
  public Coordinates source;
  public String imageId;

  /** Null when unknown, like {@link #capturedAt}: a Flink element cannot hold an Optional. */
  public TrueLabel truth;

  /**
   * Whether the image was read again because of a label. Its prediction was emitted before, and a
   * record gets one prediction.
   */
  public boolean again;

  public Instant capturedAt;

  /** The record's timestamp. */
  public Instant appendedAt;

  public Instant decodedAt;

  /** The size of the record's value. */
  public int recordBytes;

  /** {@code [views][S][S][3]}, RGB. */
  public byte[] pixels;

  /** For Flink's serializer. */
  public DecodedImage() {}

  public DecodedImage(
      Coordinates source,
      String imageId,
      Optional<TrueLabel> truth,
      boolean again,
      Optional<Instant> capturedAt,
      Instant appendedAt,
      Instant decodedAt,
      int recordBytes,
      byte[] pixels) {
    this.source = source;
    this.imageId = imageId;
    this.truth = truth.orElse(null);
    this.again = again;
    this.capturedAt = capturedAt.orElse(null);
    this.appendedAt = appendedAt;
    this.decodedAt = decodedAt;
    this.recordBytes = recordBytes;
    this.pixels = pixels;
  }
}
