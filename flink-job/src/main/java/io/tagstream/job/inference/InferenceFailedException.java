package io.tagstream.job.inference;

/**
 * The engine failed or returned invalid probabilities. The job must fail, because it cannot tag the
 * images of the batch.
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
