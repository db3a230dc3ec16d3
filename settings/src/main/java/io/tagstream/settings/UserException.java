package io.tagstream.settings;

/**
 * A failure that the user can resolve; the message is one line with the cause and the remedy. The
 * program prints the message alone and ends with exit code 1.
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
