package io.tagstream.model.training;

/** Derives seeds from seeds. */
final class Seeds {
  private Seeds() {}

  /**
   * A seed for one purpose. {@link java.util.Random} scrambles its seed only weakly, so
   * neighbouring seeds are mixed first.
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
