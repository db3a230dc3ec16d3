package io.tagstream.model.network;

/** The most probable classes of an image. */
public final class BestClasses {
  /** The number of classes that a prediction names. */
  public static final int MOST = 5;

  private BestClasses() {}

  /**
   * The indices of the five most probable classes, the most probable first; of equally probable
   * classes the one with the lower index comes first. Fewer than five only if there are fewer
   * classes.
   *
   * @param probabilities by class, none of them NaN
   */
  public static int[] of(float[] probabilities) {
    int[] best = new int[Math.min(MOST, probabilities.length)];
    int found = 0;
    for (int i = 0; i < probabilities.length; i++) {
      int at = found;
      while (at > 0 && probabilities[best[at - 1]] < probabilities[i]) {
        at--;
      }
      if (at < best.length) {
        found = Math.min(found + 1, best.length);
        System.arraycopy(best, at, best, at + 1, found - at - 1);
        best[at] = i;
      }
    }
    return best;
  }
}
