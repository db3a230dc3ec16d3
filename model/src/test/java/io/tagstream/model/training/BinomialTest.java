package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BinomialTest {

  /** Sums of integer coefficients over a power of two (Python's fractions), each rounded once. */
  @ParameterizedTest
  @CsvSource({
    "10, 8, 0.0546875",
    "50, 31, 0.05946022627971814",
    "50, 32, 0.03245432353613609",
    "200, 140, 7.53530778676306e-09",
    "5000, 3000, 6.501155002601886e-46"
  })
  void coinsAreExact(int trials, int successes, double expected) {
    double found = new Binomial(trials, 0.5).atLeast(successes);
    assertThat(found).isEqualTo(expected, within(1e-10 * expected));
    assertThat(new Binomial(trials, 0.5).atMost(trials - successes)).isEqualTo(found);
  }

  /** SciPy 1.17's {@code binom.sf(k - 1, n, p)} and {@code binom.cdf(k, n, p)}. */
  @ParameterizedTest
  @CsvSource({
    "200, 0.8, 140, 0.9997220920027116, 0.0004976948553553716",
    "200, 0.8, 150, 0.9655032251342713, 0.049353332381818014",
    "7, 0.3, 0, 1, 0.0823543",
    "200000, 0.01, 2300, 2.3894825360101762e-11, 0.9999999999793195"
  })
  void otherProbabilitiesAgreeWithScipy(
      int trials, double probability, int successes, double atLeast, double atMost) {
    Binomial binomial = new Binomial(trials, probability);
    assertThat(binomial.atLeast(successes)).isEqualTo(atLeast, within(1e-8 * atLeast));
    assertThat(binomial.atMost(successes)).isEqualTo(atMost, within(1e-8 * atMost));
  }

  @Test
  void whatIsCertainIsOneAndWhatCannotBeIsZero() {
    assertThat(new Binomial(0, 0.5).atLeast(0)).isOne();
    assertThat(new Binomial(3, 0.5).atLeast(4)).isZero();
    assertThat(new Binomial(3, 0.5).atMost(3)).isOne();
    assertThat(new Binomial(3, 0.5).atMost(-1)).isZero();
    assertThat(new Binomial(3, 0).atLeast(1)).isZero();
    assertThat(new Binomial(3, 0).atMost(0)).isOne();
    assertThat(new Binomial(3, 1).atLeast(3)).isOne();
    assertThat(new Binomial(3, 1).atMost(2)).isZero();
  }

  @Test
  void whatIsNoDistributionIsRefused() {
    assertThatThrownBy(() -> new Binomial(-1, 0.5)).hasMessage("-1 trials of probability 0.5");
    assertThatThrownBy(() -> new Binomial(1, Double.NaN)).hasMessage("1 trials of probability NaN");
  }
}
