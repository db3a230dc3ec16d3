package io.tagstream.model.training;

import java.util.BitSet;

/** Finds pictures that look like one of others, by their difference hashes. */
final class NearDuplicates {
  /** Bits in which two hashes of what counts as the same picture differ at most. */
  static final int DISTANCE = 4;

  private NearDuplicates() {}

  /**
   * Which hashes are near one of others. It compares each with each: for a hundred thousand, a
   * fifth against the rest, that takes about as long as decoding a thousand of the pictures, and an
   * index would save less than it costs to read.
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

  /** Without an early end, so that the loop runs several hashes at a time. */
  private static int nearest(long hash, long[] others) {
    int nearest = Long.SIZE;
    for (long other : others) {
      nearest = Math.min(nearest, Long.bitCount(hash ^ other));
    }
    return nearest;
  }
}
