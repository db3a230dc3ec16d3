package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {

  @Test
  void risesForATwentiethThenFallsAsACosine() {
    LearningRateSchedule schedule = new LearningRateSchedule(0.8, 100);
    assertThat(schedule.at(0)).isCloseTo(0.16, within(1e-12));
    assertThat(schedule.at(4)).isCloseTo(0.8, within(1e-12));
    assertThat(schedule.at(5)).isCloseTo(0.8, within(1e-12));
    // A quarter, half and three quarters of the 95 steps that are left.
    assertThat(schedule.at(5 + 24))
        .isCloseTo(0.4 * (1 + Math.cos(Math.PI * 24 / 95)), within(1e-12));
    assertThat(schedule.at(52)).isCloseTo(0.4, within(0.01));
    assertThat(schedule.at(99)).isPositive().isLessThan(0.001);
  }

  @Test
  void aSingleStepHasTheHighestRate() {
    assertThat(new LearningRateSchedule(0.5, 1).at(0)).isEqualTo(0.5);
  }
}
