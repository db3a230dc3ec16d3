package io.tagstream.model.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.report.LabelledPrediction.Guess;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelledPredictionTest {
  /** 0.05 and 0.9 are not suspect themselves. */
  @ParameterizedTest
  @CsvSource({
    "0.0499, 0.9001, true",
    "0.05, 0.9001, false",
    "0.0499, 0.9, false",
    "0, 1, true",
    "0.1, 0.9001, false"
  })
  void aLabelIsSuspectWhereAnotherClassIsNearlySure(double own, double other, boolean suspect) {
    LabelledPrediction prediction =
        new LabelledPrediction(
            "a", 1, own, List.of(new Guess(0, other), new Guess(1, own)), Drawn.PICTURE);

    assertThat(prediction.labelIsSuspect()).isEqualTo(suspect);
  }

  @Test
  void aSureAndRightAnswerIsNotSuspect() {
    assertThat(Drawn.prediction("a", 1, 0.01f, 0.98f, 0.01f).labelIsSuspect()).isFalse();
  }

  @Test
  void fiveClassesAreNamedBestFirstAndTheLowerAmongEquals() {
    LabelledPrediction prediction =
        Drawn.prediction("a", 6, 0.1f, 0.2f, 0.05f, 0.2f, 0.15f, 0.1f, 0.1f, 0.1f);

    assertThat(prediction.best()).extracting(Guess::classIndex).containsExactly(1, 3, 4, 0, 5);
    assertThat(prediction.own()).isEqualTo(0.1f);
    assertThat(prediction.inTopFive()).isFalse();
  }

  @Test
  void fewerClassesAreNamedWhereThereAreFewer() {
    LabelledPrediction prediction = Drawn.prediction("a", 0, 0.25f, 0.75f);

    assertThat(prediction.best()).containsExactly(new Guess(1, 0.75), new Guess(0, 0.25));
    assertThat(prediction.right()).isFalse();
    assertThat(prediction.inTopFive()).isTrue();
  }

  @Test
  void whatIsNoProbabilityMakesNoAnswer() {
    assertThatThrownBy(
            () -> LabelledPrediction.of("a", 0, new float[] {0.4f, Float.NaN}, () -> new byte[0]))
        .hasMessage("a: the probability of class 1 is not a number");
  }
}
