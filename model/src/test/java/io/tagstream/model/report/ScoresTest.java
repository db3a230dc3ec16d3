package io.tagstream.model.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.report.Scores.Interval;
import io.tagstream.model.report.Scores.Pair;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScoresTest {
  private static final Scores SCORES =
      Scores.of(
          List.of(
              Drawn.prediction("a", 0, 0.8f, 0.1f, 0.1f),
              Drawn.prediction("b", 0, 0.1f, 0.8f, 0.1f),
              Drawn.prediction("c", 0, 0.1f, 0.8f, 0.1f),
              Drawn.prediction("d", 2, 0.8f, 0.1f, 0.1f),
              Drawn.prediction("e", 2, 0.1f, 0.1f, 0.8f)),
          3);

  @Test
  void answersAreCountedByLabelAndAnswer() {
    assertThat(SCORES.confusion())
        .containsExactly(List.of(1, 2, 0), List.of(0, 0, 0), List.of(1, 0, 1));
    assertThat(SCORES.images()).isEqualTo(5);
    assertThat(SCORES.right()).isEqualTo(2);
    assertThat(SCORES.inTopFive()).isEqualTo(5);
  }

  @Test
  void pairsAreInTheOrderOfTheirImages() {
    assertThat(SCORES.confused()).containsExactly(new Pair(0, 1, 2), new Pair(2, 0, 1));
  }

  @Test
  void theCommonestClassIsTheLevelToBeat() {
    assertThat(SCORES.mostFrequent()).isEqualTo(0.6);
  }

  /** Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I. */
  @Test
  void intervalsAreWilsons() {
    assertInterval(Scores.interval(81, 263), 0.2553, 0.3662);
    assertInterval(Scores.interval(15, 148), 0.0624, 0.1605);
    assertInterval(Scores.interval(0, 20), 0, 0.1611);
    assertInterval(Scores.interval(1, 29), 0.0061, 0.1718);
  }

  private static void assertInterval(Interval interval, double low, double high) {
    assertThat(interval.low()).isCloseTo(low, within(5e-5));
    assertThat(interval.high()).isCloseTo(high, within(5e-5));
  }
}
