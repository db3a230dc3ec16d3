package io.tagstream.model.ablation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DifferenceTest {

  private static BitSet right(int... pictures) {
    BitSet right = new BitSet();
    IntStream.of(pictures).forEach(right::set);
    return right;
  }

  @Test
  void ofOneSeedItIsThePairedInterval() {
    Difference difference =
        Difference.of(List.of(right(0, 1, 2, 3, 4, 5, 6, 7)), List.of(right(0, 1, 2, 3, 4)), 10);
    // Three ones and seven zeros: a standard error of 0.152753, times 2.262157 for nine degrees of
    // freedom.
    assertThat(difference.value()).isCloseTo(0.3, within(1e-12));
    assertThat(difference.low()).isCloseTo(-0.04555, within(1e-5));
    assertThat(difference.high()).isCloseTo(0.64555, within(1e-5));
    assertThat(difference.isShown()).isFalse();
  }

  @Test
  void picturesAndSeedsBothWidenIt() {
    Difference difference =
        Difference.of(List.of(right(0, 1, 2), right(0, 1)), List.of(right(0), right(0, 3)), 4);
    // By hand: variances 5/48 and 1/16, 3.692 degrees of freedom with the quantile 2.8701.
    assertThat(difference.value()).isCloseTo(0.25, within(1e-12));
    assertThat(difference.low()).isCloseTo(0.25 - 1.17172, within(1e-5));
    assertThat(difference.high()).isCloseTo(0.25 + 1.17172, within(1e-5));
  }

  @Test
  void theSameAnswersShowNothing() {
    BitSet same = right(1, 3);
    Difference difference = Difference.of(List.of(same, same), List.of(same, same), 5);
    assertThat(difference).isEqualTo(new Difference(0, 0, 0));
    assertThat(difference.isShown()).isFalse();
  }

  @Test
  void aLargeDifferenceIsShownOnEitherSide() {
    BitSet all = right(IntStream.range(0, 99).toArray());
    BitSet none = right(99);
    assertThat(Difference.of(List.of(all), List.of(none), 100).isShown()).isTrue();
    assertThat(Difference.of(List.of(none), List.of(all), 100).isShown()).isTrue();
  }
}
