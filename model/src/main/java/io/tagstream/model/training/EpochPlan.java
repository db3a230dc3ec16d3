package io.tagstream.model.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * The rows of each epoch of a run and their order: a function of the rows, the budget, the seed and
 * the epoch.
 *
 * <p>If the budget covers every row {@link #PASSES} times, an epoch has all rows. Otherwise it has
 * all new rows and a sample of the old rows, drawn again for each epoch: at least as many old rows
 * as new ones, if the budget has room for both, to prevent forgetting, and spread over all classes
 * as evenly as their rows allow. In both cases the order is a random permutation of the whole
 * epoch.
 */
final class EpochPlan {
  /** The least number of passes over a row if an epoch does not have all rows. */
  static final int PASSES = 8;

  private static final long ORDER = 0;
  private static final long SAMPLE = 1;

  private final int[] fresh;
  private final List<int[]> oldByClass;
  private final int rowsPerEpoch;
  private final long seed;

  /**
   * @param classes the class of each row
   * @param fresh rows that the parent was not trained on
   * @param budget the run's image-steps
   */
  EpochPlan(int[] classes, BitSet fresh, long budget, long seed) {
    this.seed = seed;
    this.fresh = fresh.stream().filter(row -> row < classes.length).toArray();
    int classCount = IntStream.of(classes).max().orElse(-1) + 1;
    oldByClass = new ArrayList<>();
    for (int i = 0; i < classCount; i++) {
      int ofClass = i;
      oldByClass.add(
          IntStream.range(0, classes.length)
              .filter(row -> !fresh.get(row) && classes[row] == ofClass)
              .toArray());
    }
    long newOnes = this.fresh.length;
    long shared = Math.max(newOnes, Math.min(budget, 2 * newOnes));
    rowsPerEpoch = (int) Math.min(classes.length, Math.max(shared, Math.max(1, budget / PASSES)));
  }

  /** The number of rows of each epoch. */
  int rowsPerEpoch() {
    return rowsPerEpoch;
  }

  /**
   * An epoch's rows in their order.
   *
   * @param epoch from 1
   */
  int[] rows(int epoch) {
    int[] rows = new int[rowsPerEpoch];
    System.arraycopy(fresh, 0, rows, 0, fresh.length);
    int at = fresh.length;
    int[] shares = shares(rowsPerEpoch - fresh.length);
    Random sample = new Random(Seeds.mix(seed, epoch, SAMPLE));
    for (int i = 0; i < shares.length; i++) {
      int[] old = oldByClass.get(i).clone();
      shuffle(old, shares[i], sample);
      System.arraycopy(old, 0, rows, at, shares[i]);
      at += shares[i];
    }
    // The epoch's order must not depend on how its rows were selected.
    Arrays.sort(rows);
    shuffle(rows, rows.length, new Random(Seeds.mix(seed, epoch, ORDER)));
    return rows;
  }

  /**
   * The number of old rows to sample from each class: equally many, or all if a class has fewer.
   */
  private int[] shares(int sample) {
    int[] shares = new int[oldByClass.size()];
    int left = sample;
    List<Integer> smallestFirst =
        IntStream.range(0, shares.length)
            .boxed()
            .sorted((i, j) -> Integer.compare(oldByClass.get(i).length, oldByClass.get(j).length))
            .toList();
    for (int i = 0; i < shares.length; i++) {
      int ofClass = smallestFirst.get(i);
      shares[ofClass] = Math.min(oldByClass.get(ofClass).length, left / (shares.length - i));
      left -= shares[ofClass];
    }
    return shares;
  }

  /** Moves a random selection of the rows, in random order, to the first {@code places}. */
  private static void shuffle(int[] rows, int places, Random random) {
    for (int i = 0; i < places; i++) {
      int other = i + random.nextInt(rows.length - i);
      int row = rows[other];
      rows[other] = rows[i];
      rows[i] = row;
    }
  }
}
