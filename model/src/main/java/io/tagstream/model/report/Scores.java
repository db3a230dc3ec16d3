package io.tagstream.model.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The accuracy of the model.
 *
 * @param confusion number of images, {@code [true class][predicted class]}
 * @param inTopFive images whose true class is among the five most probable
 */
record Scores(List<List<Integer>> confusion, int inTopFive) {
  /** With this many classes or fewer, every class is among the five most probable. */
  static final int TRIVIAL_TOP_FIVE = 5;

  /** The two-sided 95 % quantile of the standard normal distribution. */
  private static final double Z = 1.959964;

  static Scores of(List<LabelledPrediction> predictions, int classes) {
    int[][] counts = new int[classes][classes];
    int inTopFive = 0;
    for (LabelledPrediction prediction : predictions) {
      counts[prediction.trueClass()][prediction.first().classIndex()]++;
      inTopFive += prediction.inTopFive() ? 1 : 0;
    }
    return new Scores(
        IntStream.range(0, classes)
            .mapToObj(row -> IntStream.of(counts[row]).boxed().toList())
            .toList(),
        inTopFive);
  }

  int images() {
    return IntStream.range(0, confusion.size()).map(this::ofClass).sum();
  }

  int right() {
    return IntStream.range(0, confusion.size()).map(i -> confusion.get(i).get(i)).sum();
  }

  /** The number of images of a class. */
  int ofClass(int trueClass) {
    return confusion.get(trueClass).stream().mapToInt(Integer::intValue).sum();
  }

  /** The accuracy of always predicting the most frequent class. */
  double mostFrequent() {
    return (double) IntStream.range(0, confusion.size()).map(this::ofClass).max().orElse(0)
        / images();
  }

  /** The images of one class that were predicted as another. */
  record Pair(int trueClass, int predicted, int images) {}

  /** All confusions, most images first. */
  List<Pair> confused() {
    List<Pair> pairs = new ArrayList<>();
    for (int row = 0; row < confusion.size(); row++) {
      for (int column = 0; column < confusion.size(); column++) {
        int images = confusion.get(row).get(column);
        if (row != column && images > 0) {
          pairs.add(new Pair(row, column, images));
        }
      }
    }
    pairs.sort(Comparator.comparingInt(Pair::images).reversed());
    return pairs;
  }

  /** The bounds of a share, 0 to 1. */
  record Interval(double low, double high) {}

  /** Wilson's 95 % interval (1927) of a share, from {@code right} of {@code of} observations. */
  static Interval interval(int right, int of) {
    double share = (double) right / of;
    double middle = share + Z * Z / (2 * of);
    double half = Z * Math.sqrt(share * (1 - share) / of + Z * Z / (4.0 * of * of));
    double scale = 1 + Z * Z / of;
    return new Interval((middle - half) / scale, (middle + half) / scale);
  }
}
