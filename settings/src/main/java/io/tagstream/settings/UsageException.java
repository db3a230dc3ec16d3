package io.tagstream.settings;

/**
 * Wrong usage that is detected only while a command runs, such as an unknown setting: exit code 2.
 */
public final class UsageException extends UserException {
  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }

  public UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
