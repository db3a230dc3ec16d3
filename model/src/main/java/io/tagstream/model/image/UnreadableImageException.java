package io.tagstream.model.image;

/** An image that is refused; the message is the reason in one line, without the picture's name. */
public final class UnreadableImageException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why an image was refused: the {@code stage} of its rejection. */
  public enum Stage {
    /** Its bytes are no whole picture of a known format. */
    DECODE("decode"),
    /** It may be a picture, and is over {@link DecodeLimits}. */
    LIMIT("limit");

    private final String label;

    Stage(String label) {
      this.label = label;
    }

    /** As rejections spell it. */
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

  /** The message: one line. */
  public String reason() {
    return getMessage();
  }
}
