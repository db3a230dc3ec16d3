package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.engine.samediff.Nd4jThreads;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SoftmaxRegressionTest {
  private static final int FEATURES = 7;
  private static final int CLASSES = 3;

  @BeforeAll
  static void oneThread() {
    Nd4jThreads.one();
  }

  /** Each class adds 2 to one feature; all features are far from 0, and one is constant. */
  private static float[][] samples(int count, long seed) {
    Random random = new Random(seed);
    float[][] samples = new float[count][FEATURES];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < FEATURES - 1; j++) {
        samples[i][j] = (float) (50 + random.nextGaussian() + (j == i % CLASSES ? 2 : 0));
      }
      samples[i][FEATURES - 1] = 4;
    }
    return samples;
  }

  private static int[] classes(int count) {
    int[] classes = new int[count];
    for (int i = 0; i < count; i++) {
      classes[i] = i % CLASSES;
    }
    return classes;
  }

  @Test
  void theLayerThatIsServedGivesTheProbabilitiesThatWereTrained() {
    float[][] fresh = samples(30, 2);
    try (SoftmaxRegression regression =
            new SoftmaxRegression(Nd4j.createFromArray(samples(60, 1)), classes(60), CLASSES);
        INDArray normalized = Nd4j.createFromArray(fresh)) {
      for (int i = 0; i < 100; i++) {
        regression.step();
      }
      regression.normalize(normalized);
      float[][] trained = regression.probabilities(normalized);
      SoftmaxRegression.Layer layer = regression.layer();
      int right = 0;
      for (int i = 0; i < fresh.length; i++) {
        double[] served = serve(layer, fresh[i]);
        int best = 0;
        for (int c = 0; c < CLASSES; c++) {
          assertThat(served[c]).isCloseTo(trained[i][c], within(1e-4));
          best = served[c] > served[best] ? c : best;
        }
        right += best == i % CLASSES ? 1 : 0;
      }
      assertThat(right).isGreaterThan(20);
    }
  }

  /**
   * At the optimum the gradient of the mean cross entropy by a weight is minus the ridge times the
   * weight; computed here on the raw features in double precision.
   */
  @Test
  void arrivesWhereTheRidgeHoldsTheLossInBalance() {
    float[][] samples = samples(60, 3);
    SoftmaxRegression.Layer layer;
    try (SoftmaxRegression regression =
        new SoftmaxRegression(Nd4j.createFromArray(samples), classes(60), CLASSES)) {
      double first = regression.step();
      assertThat(first).isCloseTo(Math.log(CLASSES), within(1e-6));
      double last = first;
      for (int i = 0; i < 400; i++) {
        last = regression.step();
      }
      assertThat(last).isLessThan(0.8 * first);
      layer = regression.layer();
    }
    double[] mean = new double[FEATURES];
    double square = 0;
    for (float[] sample : samples) {
      for (int j = 0; j < FEATURES; j++) {
        mean[j] += sample[j] / 60.0;
      }
    }
    for (float[] sample : samples) {
      for (int j = 0; j < FEATURES; j++) {
        square += (sample[j] - mean[j]) * (sample[j] - mean[j]) / 60;
      }
    }
    for (int c = 0; c < CLASSES; c++) {
      double biasSlope = 0;
      double[] gradient = new double[FEATURES];
      for (int i = 0; i < 60; i++) {
        double error = serve(layer, samples[i])[c] - (i % CLASSES == c ? 1 : 0);
        biasSlope += error / 60;
        for (int j = 0; j < FEATURES; j++) {
          gradient[j] += error * (samples[i][j] - mean[j]) / 60;
        }
      }
      assertThat(biasSlope).isCloseTo(0, within(1e-4));
      for (int j = 0; j < FEATURES; j++) {
        double weight = layer.weights().get(c * FEATURES + j);
        assertThat(gradient[j]).isCloseTo(-0.1 / 60 * square * weight, within(2e-4));
      }
    }
  }

  @Test
  void featuresThatTellNothingGiveEveryClassItsShare() {
    try (SoftmaxRegression regression =
        new SoftmaxRegression(Nd4j.zeros(4, FEATURES), new int[] {0, 0, 0, 1}, 2)) {
      for (int i = 0; i < 100; i++) {
        regression.step();
      }
      assertThat(regression.probabilities(Nd4j.zeros(1, FEATURES))[0][0])
          .isCloseTo(0.75f, within(1e-3f));
    }
  }

  private static double[] serve(SoftmaxRegression.Layer layer, float[] features) {
    double[] prediction = new double[CLASSES];
    double sum = 0;
    for (int c = 0; c < CLASSES; c++) {
      double logit = layer.biases().get(c);
      for (int j = 0; j < FEATURES; j++) {
        logit += (double) layer.weights().get(c * FEATURES + j) * features[j];
      }
      prediction[c] = Math.exp(logit);
      sum += prediction[c];
    }
    for (int c = 0; c < CLASSES; c++) {
      prediction[c] /= sum;
    }
    return prediction;
  }
}
