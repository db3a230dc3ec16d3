package io.tagstream.job.flow;

import io.tagstream.schemas.RejectionStage;
import java.time.Instant;
import java.util.Optional;

/**
 * A record that gets no prediction, or a label that cannot be used. Mutable because Flink's POJO
 * serializer requires it; never changed after construction.
 */
public final class RejectedImage {
  public Coordinates source;

  /** Null when it could not be read from the record: a Flink element cannot hold an Optional. */
  public String imageId;

  public RejectionStage stage;
  public String reason;

  /**
   * The record's value as received, so that it can be sent again; null if it can no longer be read.
   */
  public byte[] content;

  /** The size of the record's value. */
  public long contentBytes;

  public Instant rejectedAt;

  /** For Flink's serializer. */
  public RejectedImage() {}

  /**
   * @param reason escaped and cut by {@link Reason#of}
   */
  public RejectedImage(
      Coordinates source,
      Optional<String> imageId,
      RejectionStage stage,
      String reason,
      byte[] content,
      Instant rejectedAt) {
    this.source = source;
    this.imageId = imageId.orElse(null);
    this.stage = stage;
    this.reason = Reason.of(reason);
    this.content = content;
    this.contentBytes = content.length;
    this.rejectedAt = rejectedAt;
  }

  /**
   * A rejection of a record whose value can no longer be read.
   *
   * @param contentBytes the value's size
   */
  public static RejectedImage withoutContent(
      Coordinates source,
      Optional<String> imageId,
      RejectionStage stage,
      String reason,
      long contentBytes,
      Instant rejectedAt) {
    RejectedImage rejected =
        new RejectedImage(source, imageId, stage, reason, new byte[0], rejectedAt);
    rejected.content = null;
    rejected.contentBytes = contentBytes;
    return rejected;
  }

  /** The rejection of a label; holds the label's record, which can be sent again. */
  public static RejectedImage of(GivenLabel label, String reason) {
    return new RejectedImage(
        label.source,
        Optional.of(label.imageId),
        RejectionStage.LABEL,
        reason,
        label.value,
        Instant.now());
  }
}
