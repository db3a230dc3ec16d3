package io.tagstream.job.retrain;

/** A version that a run needs is damaged; the message says how, and how to repair it. */
final class DamagedModelException extends Exception {
  private static final long serialVersionUID = 1L;

  DamagedModelException(String damage) {
    super(damage);
  }
}
