package io.tagstream.job.retrain;

import java.util.List;

/**
 * What the training store holds.
 *
 * @param newLabels rows that no run's manifest names yet
 * @param rows all rows
 * @param heldOut images of the held-out part
 * @param waiting new classes that have too few images to be taught, each with what it has and needs
 */
public record Counts(long newLabels, long rows, long heldOut, List<String> waiting) {

  public Counts {
    waiting = List.copyOf(waiting);
  }

  /** Of an empty store. */
  public static final Counts NONE = new Counts(0, 0, 0, List.of());
}
