package io.tagstream.model.report;

import io.tagstream.model.network.BestClasses;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A model's prediction for one labelled image.
 *
 * @param id the image's
 * @param trueClass the class of its label
 * @param own the probability of that class
 * @param best the five most probable classes, or all if there are fewer, most probable first
 * @param image reads its encoded bytes
 */
public record LabelledPrediction(
    String id, int trueClass, double own, List<Guess> best, EncodedImage image) {

  private static final double OWN_BELOW = 0.05;
  private static final double OTHER_ABOVE = 0.9;

  /** A class and its probability. */
  public record Guess(int classIndex, double probability) {}

  /** Reads the encoded bytes of an image when the page needs them. */
  @FunctionalInterface
  public interface EncodedImage {
    byte[] read() throws IOException;
  }

  public LabelledPrediction {
    Objects.requireNonNull(id);
    Objects.requireNonNull(image);
    best = List.copyOf(best);
    if (best.isEmpty() || trueClass < 0) {
      throw new IllegalArgumentException("%s: class %d, %s".formatted(id, trueClass, best));
    }
  }

  /**
   * Makes a prediction of a network's output. Of classes with equal probability, the lower index
   * ranks first.
   *
   * @param probabilities one per class
   * @throws IllegalArgumentException if one is not a number, because then no prediction is valid
   */
  public static LabelledPrediction of(
      String id, int trueClass, float[] probabilities, EncodedImage image) {
    for (int i = 0; i < probabilities.length; i++) {
      if (Float.isNaN(probabilities[i])) {
        throw new IllegalArgumentException(
            "%s: the probability of class %s is not a number".formatted(id, i));
      }
    }
    List<Guess> best =
        IntStream.of(BestClasses.of(probabilities))
            .mapToObj(i -> new Guess(i, probabilities[i]))
            .toList();
    return new LabelledPrediction(id, trueClass, probabilities[trueClass], best, image);
  }

  /** The most probable class. */
  public Guess first() {
    return best.get(0);
  }

  boolean right() {
    return first().classIndex() == trueClass;
  }

  boolean inTopFive() {
    return best.stream().anyMatch(guess -> guess.classIndex() == trueClass);
  }

  /** Whether the model is so confident of another class that the label is probably wrong. */
  boolean labelIsSuspect() {
    return own < OWN_BELOW && first().probability() > OTHER_ABOVE;
  }

  /** A lower limit of the number of classes. */
  int classes() {
    return 1
        + Math.max(trueClass, best.stream().mapToInt(Guess::classIndex).max().orElse(trueClass));
  }
}
