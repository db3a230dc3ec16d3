package io.tagstream.schemas;

/** A file of the training store that cannot be used; the message is the reason. */
public final class MalformedFileException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedFileException(String reason) {
    super(reason);
  }

  MalformedFileException(String reason, Throwable cause) {
    super(reason, cause);
  }
}
