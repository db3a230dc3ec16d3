package io.tagstream.settings;

/**
 * A failure the user can act on; the message is one line that says what to do. A program ends with
 * exit code 1 and prints the message alone.
 */
public class UserException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UserException(String message) {
    super(message);
  }

  public UserException(String message, Throwable cause) {
    super(message, cause);
  }
}
