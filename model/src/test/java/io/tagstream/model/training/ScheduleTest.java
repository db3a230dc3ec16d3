package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.training.Schedule.DividedOnStall;
import io.tagstream.model.training.Schedule.Stall;
import io.tagstream.model.training.Schedule.WarmUpThenCosine;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  @Test
  void risesForATwentiethThenFallsAsACosine() {
    assertThat(cosine(0, 100)).isCloseTo(0.16, within(1e-12));
    assertThat(cosine(4, 100)).isCloseTo(0.8, within(1e-12));
    assertThat(cosine(5, 100)).isCloseTo(0.8, within(1e-12));
    // A quarter, half and three quarters of the remaining 95 steps.
    assertThat(cosine(5 + 24, 100))
        .isCloseTo(0.4 * (1 + Math.cos(Math.PI * 24 / 95)), within(1e-12));
    assertThat(cosine(52, 100)).isCloseTo(0.4, within(0.01));
    assertThat(cosine(99, 100)).isPositive().isLessThan(0.001);
  }

  private static double cosine(long step, long steps) {
    return new WarmUpThenCosine(0.05).rate(0.8, step, steps, Stall.NONE);
  }

  @Test
  void aSingleStepHasTheHighestRate() {
    assertThat(new WarmUpThenCosine(0.05).rate(0.5, 0, 1, Stall.NONE)).isEqualTo(0.5);
  }

  @Test
  void theRateIsDividedWhenTheErrorStopsFalling() {
    DividedOnStall rule = new DividedOnStall(10, 3, 2);
    Stall stall = Stall.NONE;
    double[] errors = {0.8, 0.6, 0.6, 0.7, 0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4};
    int[] divisions = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
    for (int i = 0; i < errors.length; i++) {
      stall = rule.after(stall, errors[i]);
      assertThat(stall.divisions()).as("after epoch " + (i + 1)).isEqualTo(divisions[i]);
      assertThat(rule.rate(0.01, 7, 9, stall))
          .isCloseTo(0.01 / Math.pow(10, divisions[i]), within(1e-15));
    }
    assertThat(stall.lowestError()).isEqualTo(0.4);
  }
}
