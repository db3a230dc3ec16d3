package io.tagstream.model.image;

/** An image is rejected. The message is the reason in one line, without the image's name. */
public final class UnreadableImageException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The {@code stage} of the rejection. */
  public enum Stage {
    /** The bytes are not a complete image of a supported format. */
    DECODE("decode"),
    /** The image exceeds {@link DecodeLimits}. */
    LIMIT("limit");

    private final String label;

    Stage(String label) {
      this.label = label;
    }

    /** The spelling in rejection records. */
    public String label() {
      return label;
    }
  }

  private final Stage stage;

  UnreadableImageException(Stage stage, String reason) {
    super(reason);
    this.stage = stage;
  }

  UnreadableImageException(Stage stage, String reason, Throwable cause) {
    super(reason, cause);
    this.stage = stage;
  }

  public Stage stage() {
    return stage;
  }

  /** The message, one line. */
  public String reason() {
    return getMessage();
  }
}
