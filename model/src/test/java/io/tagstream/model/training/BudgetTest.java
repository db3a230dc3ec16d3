package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BudgetTest {
  private static final TrainingOptions OPTIONS =
      TrainingOptions.defaults(1).within(48_000, Duration.ofMinutes(20));

  @Test
  void recipesHaveWhatTheirLengthSays() {
    assertThat(Budget.of(Recipe.SMALL_DATA, OPTIONS, 800).imageSteps()).isEqualTo(48_000);
    assertThat(Budget.of(Recipe.FINE_TUNE, OPTIONS, 800).imageSteps()).isEqualTo(16_000);
    Budget paper = Budget.of(Recipe.PAPER, OPTIONS, 800);
    assertThat(paper.imageSteps()).isEqualTo(90 * 800);
    assertThat(paper.isOpen()).isFalse();
  }

  @Test
  void epochsGoBeforeAllElse() {
    for (Recipe recipe : Recipe.ALL) {
      Budget budget = Budget.of(recipe, OPTIONS.withEpochs(3), 801);
      assertThat(budget.imageSteps()).isEqualTo(3 * 801);
      assertThat(budget.steps(32)).isEqualTo(76);
      assertThat(budget.isOpen()).isFalse();
    }
  }

  @Test
  void aSlowMachineIsShownFewerImages() {
    Budget open = Budget.of(Recipe.SMALL_DATA, OPTIONS, 800);
    assertThat(open.isOpen()).isTrue();
    Budget decided = open.atRate(20, 25, 800);
    assertThat(decided.imageSteps()).isEqualTo(20 * 17 * 60);
    assertThat(decided.isOpen()).isFalse();
    assertThat(open.atRate(100, 25, 800).imageSteps()).isEqualTo(48_000);
    assertThat(open.atRate(0.01, 25, 800).imageSteps()).isEqualTo(800);
  }

  /** A run that is killed before its first checkpoint repeats these steps with the stored cut. */
  @Test
  void stepsBeforeTheDecisionCountWithThePlan() {
    Budget decided = Budget.of(Recipe.SMALL_DATA, OPTIONS, 800).atRate(20, 25, 800);
    assertThat(decided.stepsAt(24, 32)).isEqualTo(1500);
    assertThat(decided.stepsAt(25, 32)).isEqualTo(638);
    assertThat(decided.steps(32)).isEqualTo(638);
  }
}
