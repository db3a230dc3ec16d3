package io.tagstream.job.retrain;

import java.util.List;

/**
 * The numbers of labels and images in the training store.
 *
 * @param newLabels rows in files that no run's manifest names yet
 * @param rows all rows
 * @param heldOut images in the held-out set
 * @param waiting new classes that have too few images to be trained, each with the number that it
 *     has and needs
 */
public record StoreCounts(long newLabels, long rows, long heldOut, List<String> waiting) {

  public StoreCounts {
    waiting = List.copyOf(waiting);
  }

  /** The counts of an empty store. */
  public static final StoreCounts NONE = new StoreCounts(0, 0, 0, List.of());
}
