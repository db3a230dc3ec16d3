package io.tagstream.model.ablation;

import java.util.BitSet;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * The difference in accuracy between the two sides of a comparison, on the same images and seeds.
 *
 * @param value the difference of their shares, -1 to 1
 * @param low the lower end of a 95 % interval
 * @param high its upper end
 */
public record Difference(double value, double low, double high) {
  private static final double UPPER = 0.975;

  /**
   * Compares pairs of trainings, one pair per seed. Other images and other seeds would give other
   * differences, so the variances of the means over images and over seeds are added, each estimated
   * from the scatter of the differences; the degrees of freedom follow Welch and Satterthwaite
   * (https://doi.org/10.2307/3002019). The residual variance counts in both, so that the interval
   * is too wide rather than too narrow. With a single seed only the variance over images is known
   * and used.
   *
   * @param with for each seed, the images that one side predicts correctly
   * @param without the other side's, in the same order
   * @param imageCount the number of images, 2 or more
   */
  static Difference of(List<BitSet> with, List<BitSet> without, int imageCount) {
    int seeds = with.size();
    if (seeds < 1 || seeds != without.size() || imageCount < 2) {
      throw new IllegalArgumentException(
          "%d and %d trainings, %d images".formatted(seeds, without.size(), imageCount));
    }
    double[] byImage =
        IntStream.range(0, imageCount)
            .mapToDouble(
                image ->
                    IntStream.range(0, seeds)
                        .map(seed -> one(with.get(seed), image) - one(without.get(seed), image))
                        .average()
                        .orElseThrow())
            .toArray();
    double[] bySeed =
        IntStream.range(0, seeds)
            .mapToDouble(
                seed ->
                    (double) (with.get(seed).cardinality() - without.get(seed).cardinality())
                        / imageCount)
            .toArray();
    double value = mean(byImage);
    double ofImages = varianceOfMean(byImage);
    double ofSeeds = seeds > 1 ? varianceOfMean(bySeed) : 0;
    double variance = ofImages + ofSeeds;
    if (variance == 0) {
      return new Difference(value, value, value);
    }
    double freedom =
        variance
            * variance
            / (ofImages * ofImages / (imageCount - 1)
                + (seeds > 1 ? ofSeeds * ofSeeds / (seeds - 1) : 0));
    double reach =
        new TDistribution(freedom).inverseCumulativeProbability(UPPER) * Math.sqrt(variance);
    return new Difference(value, value - reach, value + reach);
  }

  /** Whether the interval excludes zero: the data distinguish the two sides. */
  public boolean isShown() {
    return low > 0 || high < 0;
  }

  private static int one(BitSet right, int image) {
    return right.get(image) ? 1 : 0;
  }

  private static double mean(double[] values) {
    return DoubleStream.of(values).average().orElseThrow();
  }

  private static double varianceOfMean(double[] values) {
    double mean = mean(values);
    double squares = DoubleStream.of(values).map(value -> (value - mean) * (value - mean)).sum();
    return squares / (values.length - 1) / values.length;
  }
}
