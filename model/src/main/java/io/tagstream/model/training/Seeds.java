package io.tagstream.model.training;

/** Makes seeds of seeds. */
final class Seeds {
  private Seeds() {}

  /**
   * A seed for one purpose. {@link java.util.Random} scrambles its seed weakly, so neighbouring
   * ones are spread out first.
   */
  static long mix(long seed, long... purpose) {
    long mixed = seed;
    for (long part : purpose) {
      mixed = (mixed ^ part) * 0x9E3779B97F4A7C15L;
      mixed ^= mixed >>> 32;
    }
    return mixed;
  }
}
