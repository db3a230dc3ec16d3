package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The gate's probability of rejection, summed over all possible outcomes: each image is predicted
 * correctly only by the incumbent (b), only by the candidate (c), or does not distinguish them.
 * Nothing is sampled.
 */
class GateEnumerationTest {
  /** The share of images that only one of the two predicts correctly. */
  private static final double APART = 0.25;

  /**
   * The probability of a rejection.
   *
   * @param share the incumbent's part of the images that only one predicts correctly
   * @param perClass held-out images in each class
   */
  private record Rejections(double share, double apart, int classes, int perClass) {

    /** By the test on all images alone. */
    double byAllImages() {
      return rejected(trinomial(classes * perClass));
    }

    /** By any of the tests; those of the classes are not independent of the one on all images. */
    double byAnyTest() {
      double[][] oneClass = trinomial(perClass);
      if (perClass >= Gate.PER_CLASS_FROM) {
        double level = Gate.perClassLevel(classes);
        for (int b = 0; b <= perClass; b++) {
          for (int c = 0; b + c <= perClass; c++) {
            if (Gate.worse(b, c, level)) {
              oneClass[b][c] = 0;
            }
          }
        }
      }
      double[][] noClassWorse = {{1}};
      for (int i = 0; i < classes; i++) {
        noClassWorse = sum(noClassWorse, oneClass);
      }
      double accepted = 0;
      for (int b = 0; b < noClassWorse.length; b++) {
        for (int c = 0; c < noClassWorse.length; c++) {
          if (!Gate.worse(b, c, Gate.LEVEL)) {
            accepted += noClassWorse[b][c];
          }
        }
      }
      return 1 - accepted;
    }

    /** The probability of each (b, c) among {@code images}. */
    private double[][] trinomial(int images) {
      double[][] one = {{1 - apart, apart - share}, {share, 0}};
      double[][] all = {{1}};
      for (int i = 0; i < images; i++) {
        all = sum(all, one);
      }
      return all;
    }

    private static double rejected(double[][] probability) {
      double sum = 0;
      for (int b = 0; b < probability.length; b++) {
        for (int c = 0; c < probability.length; c++) {
          if (Gate.worse(b, c, Gate.LEVEL)) {
            sum += probability[b][c];
          }
        }
      }
      return sum;
    }

    /** The distribution of the sum of two independent pairs. */
    private static double[][] sum(double[][] left, double[][] right) {
      int side = left.length + right.length - 1;
      double[][] sum = new double[side][side];
      for (int b = 0; b < left.length; b++) {
        for (int c = 0; b + c < left.length; c++) {
          for (int i = 0; i < right.length; i++) {
            for (int j = 0; i + j < right.length; j++) {
              sum[b + i][c + j] += left[b][c] * right[i][j];
            }
          }
        }
      }
      return sum;
    }
  }

  /**
   * The test on all images stays below its level of 0.05; those of the classes add less than
   * another 0.05. The figures are from an independent program, in Python with SciPy.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 25, 0.0165, 0.0165",
    "1, 50, 0.0273, 0.0273",
    "5, 10, 0.0273, 0.0273",
    "2, 20, 0.0234, 0.0278",
    "5, 20, 0.0338, 0.0378",
    "5, 40, 0.0377, 0.0493",
    "2, 100, 0.0377, 0.0528",
    "10, 20, 0.0377, 0.0400"
  })
  void equalModelsAreSeldomRejected(int classes, int perClass, double byAll, double byAny) {
    Rejections equal = new Rejections(APART / 2, APART, classes, perClass);
    assertThat(equal.byAllImages()).isEqualTo(byAll, within(1e-4)).isLessThan(Gate.LEVEL);
    assertThat(equal.byAnyTest()).isEqualTo(byAny, within(1e-4)).isLessThan(2 * Gate.LEVEL);
  }

  /** The same if the two differ on every image, or on few. */
  @ParameterizedTest
  @CsvSource({"0.02", "0.1", "0.5", "1"})
  void equalModelsAreSeldomRejectedHoweverAlike(double apart) {
    assertThat(new Rejections(apart / 2, apart, 5, 40).byAnyTest()).isLessThan(2 * Gate.LEVEL);
  }

  @Test
  void aModel15PointsWorseIsRejectedOn200Images() {
    Rejections worse = new Rejections(0.2, APART, 5, 40);
    assertThat(worse.byAllImages()).isGreaterThan(0.95).isEqualTo(0.9968, within(1e-4));
    assertThat(worse.byAnyTest()).isGreaterThan(0.95).isEqualTo(0.9970, within(1e-4));
  }

  @Test
  void theProbabilitiesAreAllThereAre() {
    double sum = 0;
    for (double[] row : new Rejections(0.2, APART, 1, 1).trinomial(200)) {
      for (double probability : row) {
        sum += probability;
      }
    }
    assertThat(sum).isEqualTo(1, within(1e-12));
  }
}
