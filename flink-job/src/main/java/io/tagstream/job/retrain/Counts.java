package io.tagstream.job.retrain;

/**
 * What the training store holds.
 *
 * @param newLabels rows that no run's manifest names yet
 * @param rows all rows
 * @param heldOut images of the held-out part
 */
public record Counts(long newLabels, long rows, long heldOut) {

  /** Of an empty store. */
  public static final Counts NONE = new Counts(0, 0, 0);
}
