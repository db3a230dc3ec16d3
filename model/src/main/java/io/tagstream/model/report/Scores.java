package io.tagstream.model.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How often the model is right.
 *
 * @param confusion {@code [true class][answered class]}, images
 * @param inTopFive images whose class is among the five most probable
 */
record Scores(List<List<Integer>> confusion, int inTopFive) {
  /** With so many classes or fewer, the class of every image is among the five most probable. */
  static final int TRIVIAL_TOP_FIVE = 5;

  /** Of the standard normal distribution, two-sided 95 %. */
  private static final double Z = 1.959964;

  static Scores of(List<Answer> answers, int classes) {
    int[][] counts = new int[classes][classes];
    int inTopFive = 0;
    for (Answer answer : answers) {
      counts[answer.trueClass()][answer.first().classIndex()]++;
      inTopFive += answer.inTopFive() ? 1 : 0;
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

  /** Images whose true class it is. */
  int ofClass(int trueClass) {
    return confusion.get(trueClass).stream().mapToInt(Integer::intValue).sum();
  }

  /** The share that always naming the commonest class would get right. */
  double commonest() {
    return (double) IntStream.range(0, confusion.size()).map(this::ofClass).max().orElse(0)
        / images();
  }

  /** A class taken for another. */
  record Pair(int trueClass, int answered, int images) {}

  /** The most images first. */
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

  /** Bounds of a share, 0 to 1. */
  record Interval(double low, double high) {}

  /** Wilson's 95 % interval (1927) of a share of which {@code right} of {@code of} were seen. */
  static Interval interval(int right, int of) {
    double share = (double) right / of;
    double middle = share + Z * Z / (2 * of);
    double half = Z * Math.sqrt(share * (1 - share) / of + Z * Z / (4.0 * of * of));
    double scale = 1 + Z * Z / of;
    return new Interval((middle - half) / scale, (middle + half) / scale);
  }
}
