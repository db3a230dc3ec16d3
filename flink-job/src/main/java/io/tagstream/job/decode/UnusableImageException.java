package io.tagstream.job.decode;

import io.tagstream.schemas.RejectionStage;
import java.util.Optional;

/** A record that cannot be decoded into an image; the message is the reason of its rejection. */
final class UnusableImageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final RejectionStage stage;
  private final String imageId;

  UnusableImageException(RejectionStage stage, Optional<String> imageId, String reason) {
    super(reason);
    this.stage = stage;
    this.imageId = imageId.orElse(null);
  }

  RejectionStage stage() {
    return stage;
  }

  /** Empty if it could not be read from the record. */
  Optional<String> imageId() {
    return Optional.ofNullable(imageId);
  }
}
