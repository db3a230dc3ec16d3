package io.tagstream.model.report;

import io.tagstream.model.network.BestClasses;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What the model says to one labelled image.
 *
 * @param id the image's
 * @param trueClass the class its label names
 * @param own the probability of that class
 * @param best the five most probable classes, fewer where there are fewer; the first is the answer
 * @param picture where its encoded bytes are
 */
public record Answer(
    String id, int trueClass, double own, List<Guess> best, EncodedPicture picture) {

  private static final double OWN_BELOW = 0.05;
  private static final double OTHER_ABOVE = 0.9;

  /** A class and its probability. */
  public record Guess(int classIndex, double probability) {}

  /** The encoded bytes of an image, read when the page needs them. */
  @FunctionalInterface
  public interface EncodedPicture {
    byte[] read() throws IOException;
  }

  public Answer {
    Objects.requireNonNull(id);
    Objects.requireNonNull(picture);
    best = List.copyOf(best);
    if (best.isEmpty() || trueClass < 0) {
      throw new IllegalArgumentException("%s: class %d, %s".formatted(id, trueClass, best));
    }
  }

  /**
   * An answer as the network gives it. Among equals the lower class counts as more probable.
   *
   * @param probabilities one a class
   * @throws IllegalArgumentException when one is not a number, so that no answer is made up
   */
  public static Answer of(String id, int trueClass, float[] probabilities, EncodedPicture picture) {
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
    return new Answer(id, trueClass, probabilities[trueClass], best, picture);
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

  /** Whether the model is so sure of another class that the label is more likely to be wrong. */
  boolean labelIsSuspect() {
    return own < OWN_BELOW && first().probability() > OTHER_ABOVE;
  }

  /** At least so many classes there are. */
  int classes() {
    return 1
        + Math.max(trueClass, best.stream().mapToInt(Guess::classIndex).max().orElse(trueClass));
  }
}
