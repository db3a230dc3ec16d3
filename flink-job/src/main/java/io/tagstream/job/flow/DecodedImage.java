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

  /** Null where none is known, as is {@link #capturedAt}: an element holds no Optional. */
  public TrueLabel truth;

  /**
   * Whether the image had its prediction before, and comes again because a label found it: a record
   * gets one prediction.
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
