package io.tagstream.model.training;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The accuracy of a model on labelled images.
 *
 * @param labels in class order
 * @param confusion number of images, {@code [true class][predicted class]}
 * @param inTopFive images whose true class is among the five most probable
 */
public record Evaluation(List<String> labels, List<List<Integer>> confusion, int inTopFive) {

  public Evaluation {
    labels = List.copyOf(labels);
    confusion = confusion.stream().map(List::copyOf).toList();
    int classes = labels.size();
    if (confusion.size() != classes || confusion.stream().anyMatch(row -> row.size() != classes)) {
      throw new IllegalArgumentException(
          "%d labels need as many rows and columns".formatted(classes));
    }
  }

  public int images() {
    return confusion.stream().flatMap(List::stream).mapToInt(Integer::intValue).sum();
  }

  /** The share of images whose most probable class is the true one, 0 to 1; NaN without images. */
  public double top1() {
    int right = IntStream.range(0, labels.size()).map(i -> confusion.get(i).get(i)).sum();
    return (double) right / images();
  }

  /**
   * The share of images whose true class is among the five most probable, 0 to 1; NaN without
   * images.
   */
  public double top5() {
    return (double) inTopFive / images();
  }

  /** The metrics for {@code model.json}. */
  Map<String, Double> metrics() {
    return Map.of("top1", top1(), "top5", top5(), "validationImages", (double) images());
  }

  /** Counts predictions. */
  static final class Tally {
    private final List<String> labels;
    private final int[][] confusion;
    private int inTopFive;

    Tally(List<String> labels) {
      this.labels = labels;
      this.confusion = new int[labels.size()][labels.size()];
    }

    /** Of classes with equal probability, the lower index ranks first. */
    void add(int trueClass, float[] probabilities) {
      int best = 0;
      int better = 0;
      for (int i = 0; i < probabilities.length; i++) {
        if (probabilities[i] > probabilities[best]) {
          best = i;
        }
        if (probabilities[i] > probabilities[trueClass]
            || (probabilities[i] == probabilities[trueClass] && i < trueClass)) {
          better++;
        }
      }
      confusion[trueClass][best]++;
      if (better < 5) {
        inTopFive++;
      }
    }

    Evaluation evaluation() {
      return new Evaluation(
          labels,
          IntStream.range(0, labels.size())
              .mapToObj(row -> IntStream.of(confusion[row]).boxed().toList())
              .toList(),
          inTopFive);
    }
  }
}
