package io.tagstream.job.inference;

/**
 * The engine failed or answered nonsense: the job must not go on as if it had tagged the images.
 */
public final class InferenceFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  InferenceFailedException(String message, Throwable cause) {
    super(message, cause);
  }

  InferenceFailedException(String message) {
    super(message);
  }
}
