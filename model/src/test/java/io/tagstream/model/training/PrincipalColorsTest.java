package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrincipalColorsTest {

  /** numpy.linalg.eigh of this matrix; a vector and its opposite are the same component. */
  @Test
  void takesACovarianceApart() {
    PrincipalColors colors =
        PrincipalColors.of(
            new double[][] {
              {0.0721, 0.0613, 0.0485}, {0.0613, 0.0689, 0.0602}, {0.0485, 0.0602, 0.0779}
            });
    assertValues(colors, 0.18636877532562, 0.02674247480223, 0.00578874987216);
    assertVectors(
        colors,
        new double[][] {
          {-0.56241187, -0.59024249, -0.57905672},
          {-0.66234809, -0.09761505, 0.74280974},
          {0.49496252, -0.80130213, 0.33604612}
        });
  }

  /** The published and widely used components of ImageNet, rounded to 4 digits. */
  @Test
  void findsTheComponentsOfImageNet() {
    double[] values = {0.2175, 0.0188, 0.0045};
    double[][] vectors = {
      {-0.5675, -0.5808, -0.5836}, {0.7192, -0.0045, -0.6948}, {0.4009, -0.8140, 0.4203}
    };
    double[][] covariance = new double[3][3];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        for (int k = 0; k < 3; k++) {
          covariance[i][j] += values[k] * vectors[k][i] * vectors[k][j];
        }
      }
    }
    PrincipalColors colors = PrincipalColors.of(covariance);
    for (int k = 0; k < 3; k++) {
      assertThat(colors.values().get(k)).isCloseTo(values[k], within(1e-4));
    }
    assertVectors(colors, vectors);
  }

  @Test
  void oneColourHasNoComponents() {
    PrincipalColors colors = PrincipalColors.of(new double[3][3]);
    assertThat(colors.values()).containsExactly(0.0, 0.0, 0.0);
    assertThat(colors.shift(0.1, new Random(1))).containsExactly(0, 0, 0);
    double[][] third = {{0.01, 0.01, 0.01}, {0.01, 0.01, 0.01}, {0.01, 0.01, 0.01}};
    assertValues(PrincipalColors.of(third), 0.03, 0, 0);
  }

  /**
   * Each component is drawn once: its standard deviation along its vector is 255 times 0.1 of its
   * eigenvalue.
   */
  @Test
  void shiftsAreNormalAlongTheComponents() {
    double third = 1 / Math.sqrt(3);
    PrincipalColors colors =
        new PrincipalColors(
            List.of(0.2, 0.05, 0.0),
            List.of(
                List.of(third, third, third),
                List.of(Math.sqrt(0.5), -Math.sqrt(0.5), 0.0),
                List.of(0.0, 0.0, 1.0)));
    Random random = new Random(3);
    double along = 0;
    double across = 0;
    int draws = 20_000;
    for (int i = 0; i < draws; i++) {
      double[] shift = colors.shift(0.1, random);
      along += Math.pow(third * (shift[0] + shift[1] + shift[2]), 2) / draws;
      across += Math.pow(Math.sqrt(0.5) * (shift[0] - shift[1]), 2) / draws;
    }
    assertThat(Math.sqrt(along)).isCloseTo(255 * 0.1 * 0.2, within(0.1));
    assertThat(Math.sqrt(across)).isCloseTo(255 * 0.1 * 0.05, within(0.03));
  }

  private static void assertValues(PrincipalColors colors, double... values) {
    for (int k = 0; k < 3; k++) {
      assertThat(colors.values().get(k)).isCloseTo(values[k], within(1e-12));
    }
  }

  private static void assertVectors(PrincipalColors colors, double[][] vectors) {
    for (int k = 0; k < 3; k++) {
      double product = 0;
      for (int i = 0; i < 3; i++) {
        product += colors.vectors().get(k).get(i) * vectors[k][i];
      }
      assertThat(Math.abs(product)).as("component %d", k).isCloseTo(1, within(2e-4));
    }
  }
}
