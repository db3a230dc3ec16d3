package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DropoutMasksTest {

  private static float[] row(long seed, long step, int layer, int row, double probability) {
    float[] mask = new float[10_000];
    new DropoutMasks(seed).row(step, layer, row, probability, mask);
    return mask;
  }

  /** A standard error is 43 of 10,000 units. */
  @Test
  void dropsTheShareAskedForAndScalesTheRest() {
    float[] mask = row(1, 2, 0, 3, 0.25);
    long dropped = IntStream.range(0, mask.length).filter(i -> mask[i] == 0).count();
    assertThat(dropped).isBetween(2_300L, 2_700L);
    for (float unit : mask) {
      assertThat(unit == 0 || unit == (float) (1 / 0.75)).isTrue();
    }
    assertThat(row(1, 2, 0, 3, 0)).containsOnly(1f);
  }

  /** Two masks with probability 0.5 agree in half of the units; a standard error is 50. */
  @Test
  void maskDependsOnSeedStepLayerAndRow() {
    float[] mask = row(1, 1, 1, 1, 0.5);
    assertThat(row(1, 1, 1, 1, 0.5)).isEqualTo(mask);
    for (float[] other :
        List.of(
            row(2, 1, 1, 1, 0.5),
            row(1, 2, 1, 1, 0.5),
            row(1, 1, 2, 1, 0.5),
            row(1, 1, 1, 2, 0.5))) {
      double same = IntStream.range(0, mask.length).filter(i -> mask[i] == other[i]).count();
      assertThat(same).isCloseTo(5_000, within(250.0));
    }
  }

  @Test
  void neighboursDoNotShareAStream() {
    Set<String> seen = new HashSet<>();
    for (int step = 0; step < 3; step++) {
      for (int layer = 0; layer < 3; layer++) {
        for (int row = 0; row < 3; row++) {
          float[] mask = row(0, step, layer, row, 0.5);
          StringBuilder first = new StringBuilder();
          for (int i = 0; i < 64; i++) {
            first.append(mask[i] == 0 ? '0' : '1');
          }
          assertThat(seen.add(first.toString())).isTrue();
        }
      }
    }
  }
}
