package io.tagstream.model.training;

import java.util.BitSet;

/** Finds images that look like one of other images, by their difference hashes. */
final class NearDuplicates {
  /** The most bits in which the hashes of near duplicates differ. */
  static final int DISTANCE = 4;

  private NearDuplicates() {}

  /**
   * The hashes that are near one of the others. Compares all pairs: for a hundred thousand images,
   * a fifth against the rest, that takes about as long as decoding a thousand of them, so an index
   * would not be worth its code.
   */
  static BitSet near(long[] hashes, long[] others) {
    BitSet near = new BitSet(hashes.length);
    for (int i = 0; i < hashes.length; i++) {
      if (nearest(hashes[i], others) <= DISTANCE) {
        near.set(i);
      }
    }
    return near;
  }

  /** Has no early exit, so that the JVM can vectorise the loop. */
  private static int nearest(long hash, long[] others) {
    int nearest = Long.SIZE;
    for (long other : others) {
      nearest = Math.min(nearest, Long.bitCount(hash ^ other));
    }
    return nearest;
  }
}
