package io.tagstream.trainingstore;

/** A file of the training store cannot be used; the message is the reason. */
public final class MalformedFileException extends Exception {
  private static final long serialVersionUID = 1L;

  public MalformedFileException(String reason) {
    super(reason);
  }

  public MalformedFileException(String reason, Throwable cause) {
    super(reason, cause);
  }
}
