package io.tagstream.job.flow;

import io.tagstream.schemas.RejectionStage;
import java.time.Instant;
import java.util.Optional;

/**
 * A record that gets no prediction, or a label that finds no image. Flink's serializer needs the
 * form; nothing changes one after it was made.
 */
public final class RejectedImage {
  public Coordinates source;

  /**
   * Null where the record could not be read that far: a stream's element cannot hold an Optional.
   */
  public String imageId;

  public RejectionStage stage;
  public String reason;

  /** The record's value as received, so that it can be sent again; null where it is gone. */
  public byte[] content;

  /** The size of the record's value. */
  public long contentBytes;

  public Instant rejectedAt;

  /** For Flink's serializer. */
  public RejectedImage() {}

  /**
   * @param reason is cut to the longest allowed, and quotes nothing that moves a reader's cursor
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
   * A rejection of a record whose value cannot be had any more.
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

  /** A label's rejection, whatever is wrong with its image: what is sent again is the label. */
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
