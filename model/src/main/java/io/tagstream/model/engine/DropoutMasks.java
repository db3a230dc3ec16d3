package io.tagstream.model.engine;

/**
 * Which units are dropped: a function of seed, step, layer and row alone, so that the number of
 * steps is the whole random state and a batch may pass in parts.
 */
public final class DropoutMasks {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private final long seed;

  public DropoutMasks(long seed) {
    this.seed = seed;
  }

  /**
   * Writes a row of a layer's mask: 0 with the given probability, else 1 / (1 - probability), which
   * keeps the expectation.
   *
   * @param step steps before this one
   * @param layer position of the dense layer
   * @param row position of the image in the batch
   * @param to as long as the layer has units
   */
  public void row(long step, int layer, int row, double probability, float[] to) {
    long state = mix(mix(mix(mix(seed) + step) + layer) + row);
    // Compared as the upper 24 bits, as many as a float has.
    long dropped = Math.round(probability * (1 << 24));
    float kept = (float) (1 / (1 - probability));
    for (int i = 0; i < to.length; i++) {
      state += GOLDEN;
      to[i] = mix(state) >>> 40 < dropped ? 0 : kept;
    }
  }

  /** Steele, Lea and Flood's finalizer (SplitMix, 2014), whose bits pass for random. */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
