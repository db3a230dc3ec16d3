package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EpochPlanTest {

  private static BitSet rows(int from, int to) {
    BitSet rows = new BitSet();
    rows.set(from, to);
    return rows;
  }

  /** The given number of rows of each class, class by class. */
  private static int[] classes(int... counts) {
    return IntStream.range(0, counts.length)
        .flatMap(i -> IntStream.generate(() -> i).limit(counts[i]))
        .toArray();
  }

  @Test
  void aSmallStoresEpochsArePermutationsOfAllRows() {
    EpochPlan plan = new EpochPlan(classes(60, 40), rows(90, 100), 800, 1);
    int[] all = IntStream.range(0, 100).toArray();
    assertThat(plan.rowsPerEpoch()).isEqualTo(100);
    for (int epoch = 1; epoch <= 3; epoch++) {
      assertThat(plan.rows(epoch)).containsExactlyInAnyOrder(all).isNotEqualTo(all);
    }
    assertThat(plan.rows(1)).isNotEqualTo(plan.rows(2));
    assertThat(plan.rows(2)).isEqualTo(new EpochPlan(classes(60, 40), rows(0, 3), 900, 1).rows(2));
    assertThat(new EpochPlan(classes(60, 40), rows(90, 100), 800, 2).rows(1))
        .isNotEqualTo(plan.rows(1));
  }

  /** The whole epoch is shuffled: a late row may be anywhere in it. */
  @Test
  void everyRowComesUpAnywhereInAnEpoch() {
    EpochPlan plan = new EpochPlan(classes(1000), rows(0, 1000), 100_000, 1);
    double lateOnes = 0;
    for (int epoch = 1; epoch <= 20; epoch++) {
      lateOnes +=
          IntStream.of(plan.rows(epoch)).limit(100).filter(row -> row >= 500).count() / 2000.0;
    }
    assertThat(lateOnes).isBetween(0.45, 0.55);
  }

  @Test
  void aLargeStoresEpochsAreAllNewRowsAndAsManyOldOnesOfEachClass() {
    // 9,000, 900 and 100 old rows, then 500 new ones of another class.
    int[] classes = classes(9000, 900, 100, 500);
    EpochPlan plan = new EpochPlan(classes, rows(10_000, 10_500), 16_000, 1);
    assertThat(plan.rowsPerEpoch()).isEqualTo(16_000 / EpochPlan.PASSES);
    Set<Integer> seen = new HashSet<>();
    for (int epoch = 1; epoch <= 3; epoch++) {
      int[] rows = plan.rows(epoch);
      int[] counts = new int[4];
      IntStream.of(rows).forEach(row -> counts[classes[row]]++);
      assertThat(rows).hasSize(2000).doesNotHaveDuplicates();
      // 1,500 old ones: 100 is all there is of the third class, the rest is shared.
      assertThat(counts).containsExactly(700, 700, 100, 500);
      assertThat(plan.rows(epoch)).isEqualTo(rows);
      seen.addAll(Arrays.stream(rows).boxed().toList());
    }
    // Each epoch draws another sample: 700 of 9,000 rows each, nearly all of 900 in three epochs.
    assertThat(seen).hasSizeBetween(500 + 100 + 860 + 1900, 500 + 100 + 900 + 2100);
  }

  @Test
  void newRowsAreNeverLeftOutAndOldOnesCountAsMuch() {
    int[] classes = classes(5000, 5000);
    assertThat(new EpochPlan(classes, rows(8000, 10_000), 8000, 1).rowsPerEpoch()).isEqualTo(4000);
    assertThat(new EpochPlan(classes, rows(4000, 10_000), 8000, 1).rowsPerEpoch()).isEqualTo(8000);
    assertThat(new EpochPlan(classes, rows(1000, 10_000), 8000, 1).rowsPerEpoch()).isEqualTo(9000);
    assertThat(new EpochPlan(classes, rows(1000, 10_000), 8000, 1).rows(7))
        .containsExactlyInAnyOrder(IntStream.range(1000, 10_000).toArray());
    assertThat(new EpochPlan(classes, new BitSet(), 8000, 1).rowsPerEpoch()).isEqualTo(1000);
    assertThat(new EpochPlan(classes, rows(0, 10_000), 8000, 1).rowsPerEpoch()).isEqualTo(10_000);
  }
}
