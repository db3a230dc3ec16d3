package io.tagstream.model.ablation;

import java.util.BitSet;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * How much more often one side of a comparison is right than the other, on the same pictures and
 * seeds.
 *
 * @param value the difference of their shares, -1 to 1
 * @param low the end of a 95 % interval
 * @param high its other end
 */
public record Difference(double value, double low, double high) {
  private static final double UPPER = 0.975;

  /**
   * Of pairs of trainings, one a seed. Another set of pictures would give another difference, and
   * so would other seeds: the variances of both means add up, each estimated from how the
   * differences scatter, and their degrees of freedom by Welch and Satterthwaite
   * (https://doi.org/10.2307/3002019). What is left over counts in both, so that the interval is
   * rather too wide than too narrow. A single seed tells nothing of others: then it is the
   * pictures' alone.
   *
   * @param with by seed, which pictures one side is right about
   * @param without the other's, in the same order
   * @param pictures how many there are, 2 or more
   */
  static Difference of(List<BitSet> with, List<BitSet> without, int pictures) {
    int seeds = with.size();
    if (seeds < 1 || seeds != without.size() || pictures < 2) {
      throw new IllegalArgumentException(
          "%d and %d trainings, %d pictures".formatted(seeds, without.size(), pictures));
    }
    double[] byPicture =
        IntStream.range(0, pictures)
            .mapToDouble(
                picture ->
                    IntStream.range(0, seeds)
                        .map(seed -> one(with.get(seed), picture) - one(without.get(seed), picture))
                        .average()
                        .orElseThrow())
            .toArray();
    double[] bySeed =
        IntStream.range(0, seeds)
            .mapToDouble(
                seed ->
                    (double) (with.get(seed).cardinality() - without.get(seed).cardinality())
                        / pictures)
            .toArray();
    double value = mean(byPicture);
    double ofPictures = varianceOfMean(byPicture);
    double ofSeeds = seeds > 1 ? varianceOfMean(bySeed) : 0;
    double variance = ofPictures + ofSeeds;
    if (variance == 0) {
      return new Difference(value, value, value);
    }
    double freedom =
        variance
            * variance
            / (ofPictures * ofPictures / (pictures - 1)
                + (seeds > 1 ? ofSeeds * ofSeeds / (seeds - 1) : 0));
    double reach =
        new TDistribution(freedom).inverseCumulativeProbability(UPPER) * Math.sqrt(variance);
    return new Difference(value, value - reach, value + reach);
  }

  /** Whether the data tell the two sides apart. */
  public boolean isShown() {
    return low > 0 || high < 0;
  }

  private static int one(BitSet right, int picture) {
    return right.get(picture) ? 1 : 0;
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
