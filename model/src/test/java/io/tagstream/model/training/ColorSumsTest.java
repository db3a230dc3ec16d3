package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ColorSumsTest {

  /** Compares with the definition: means first, then products of the deviations. */
  @Test
  void meansAndCovariancesAreThoseOfAllPixels() {
    Random random = new Random(1);
    byte[] one = new byte[30 * 3];
    byte[] other = new byte[50 * 3];
    random.nextBytes(one);
    random.nextBytes(other);
    double[][] pixels = new double[80][3];
    for (int i = 0; i < 240; i++) {
      pixels[i / 3][i % 3] = ((i < 90 ? one[i] : other[i - 90]) & 0xff) / 255.0;
    }
    double[] means = new double[3];
    for (double[] pixel : pixels) {
      for (int c = 0; c < 3; c++) {
        means[c] += pixel[c] / 80;
      }
    }
    ColorSums sums = ColorSums.of(List.of(ColorSums.of(one), ColorSums.of(other)));
    for (int i = 0; i < 3; i++) {
      assertThat(sums.mean(i)).isCloseTo(means[i], within(1e-12));
      for (int j = 0; j < 3; j++) {
        double covariance = 0;
        for (double[] pixel : pixels) {
          covariance += (pixel[i] - means[i]) * (pixel[j] - means[j]) / 80;
        }
        assertThat(sums.covariance(i, j)).isCloseTo(covariance, within(1e-12));
      }
    }
    // The components' values add up to the channels' variances.
    assertThat(sums.principalColors().values().stream().mapToDouble(v -> v).sum())
        .isCloseTo(
            sums.covariance(0, 0) + sums.covariance(1, 1) + sums.covariance(2, 2), within(1e-12));
  }
}
