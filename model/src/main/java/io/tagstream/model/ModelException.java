package io.tagstream.model;

/**
 * A model, a store or an engine that cannot be used; the message names the cause and the remedy.
 */
public final class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ModelException(String message) {
    super(message);
  }

  public ModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
