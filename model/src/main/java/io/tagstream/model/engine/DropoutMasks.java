package io.tagstream.model.engine;

/**
 * Decides which units are dropped, as a function of seed, step, layer and row alone. So the number
 * of steps is the whole random state, and a batch may pass in parts.
 */
public final class DropoutMasks {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private final long seed;

  public DropoutMasks(long seed) {
    this.seed = seed;
  }

  /**
   * Writes a row of a layer's mask: 0 with the given probability, otherwise 1 / (1 - probability),
   * which preserves the expectation.
   *
   * @param step number of steps before this one
   * @param layer index of the dense layer
   * @param row index of the image in the batch
   * @param to one number per unit of the layer
   */
  public void row(long step, int layer, int row, double probability, float[] to) {
    long state = mix(mix(mix(mix(seed) + step) + layer) + row);
    // The upper 24 bits are compared: a float has that many.
    long dropped = Math.round(probability * (1 << 24));
    float kept = (float) (1 / (1 - probability));
    for (int i = 0; i < to.length; i++) {
      state += GOLDEN;
      to[i] = mix(state) >>> 40 < dropped ? 0 : kept;
    }
  }

  /** Steele, Lea and Flood's finalizer (SplitMix, 2014), whose bits pass tests of randomness. */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
