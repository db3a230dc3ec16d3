package io.tagstream.model.training;

import io.tagstream.model.image.ColorChange;
import java.util.List;
import java.util.Random;

/**
 * The principal components of the colours of many pixels (section 4.1 of the paper): the
 * eigenvectors and eigenvalues of the 3x3 covariance of red, green and blue, each from 0 to 1.
 *
 * @param values the eigenvalues, largest first, none below 0
 * @param vectors the eigenvectors (red, green, blue) of length 1, in the order of the values
 */
record PrincipalColors(List<Double> values, List<List<Double>> vectors) {
  private static final int CHANNELS = 3;

  /** Convergence is quadratic: three rows need no more than five sweeps. */
  private static final int SWEEPS = 20;

  PrincipalColors {
    values = List.copyOf(values);
    vectors = vectors.stream().map(List::copyOf).toList();
  }

  /**
   * Computes the eigenvectors of a covariance by Jacobi rotations.
   *
   * @param covariance {@code [3][3]}, symmetric
   */
  static PrincipalColors of(double[][] covariance) {
    double[][] a = {covariance[0].clone(), covariance[1].clone(), covariance[2].clone()};
    double[][] v = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      rotate(a, v, 0, 1);
      rotate(a, v, 0, 2);
      rotate(a, v, 1, 2);
    }
    List<Integer> order =
        java.util.stream.IntStream.range(0, CHANNELS)
            .boxed()
            .sorted((i, j) -> Double.compare(a[j][j], a[i][i]))
            .toList();
    return new PrincipalColors(
        order.stream().map(i -> Math.max(0, a[i][i])).toList(),
        order.stream().map(i -> List.of(v[0][i], v[1][i], v[2][i])).toList());
  }

  /** Rotates in the plane of two axes so that their off-diagonal entry becomes 0. */
  private static void rotate(double[][] a, double[][] v, int p, int q) {
    if (a[p][q] == 0) {
      return;
    }
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double tangent = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
    double cosine = 1 / Math.hypot(tangent, 1);
    double sine = tangent * cosine;
    for (int k = 0; k < CHANNELS; k++) {
      double left = a[k][p];
      double right = a[k][q];
      a[k][p] = cosine * left - sine * right;
      a[k][q] = sine * left + cosine * right;
    }
    for (int k = 0; k < CHANNELS; k++) {
      double upper = a[p][k];
      double lower = a[q][k];
      a[p][k] = cosine * upper - sine * lower;
      a[q][k] = sine * upper + cosine * lower;
      double left = v[k][p];
      double right = v[k][q];
      v[k][p] = cosine * left - sine * right;
      v[k][q] = sine * left + cosine * right;
    }
  }

  /** A colour change by a random {@link #shift}. */
  ColorChange change(double deviation, Random random) {
    double[] levels = shift(deviation, random);
    return ColorChange.shift(levels[0], levels[1], levels[2]);
  }

  /**
   * The sum of the eigenvectors, each times its eigenvalue and a random number from N(0,
   * deviation).
   *
   * @return the offsets of red, green and blue, in levels of 256
   */
  double[] shift(double deviation, Random random) {
    double[] levels = new double[CHANNELS];
    for (int component = 0; component < CHANNELS; component++) {
      double length = 255 * deviation * random.nextGaussian() * values.get(component);
      for (int channel = 0; channel < CHANNELS; channel++) {
        levels[channel] += length * vectors.get(component).get(channel);
      }
    }
    return levels;
  }
}
