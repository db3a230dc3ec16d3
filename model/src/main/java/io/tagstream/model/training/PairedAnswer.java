package io.tagstream.model.training;

import java.util.List;
import java.util.Objects;

/**
 * What two models say to one held-out image. By label, since the two need not have the same
 * classes: a model that lacks the class simply is not right.
 *
 * @param trueClass the image's label
 * @param incumbent the five best labels of the version that is live, best first; none where no
 *     version is
 * @param candidate the five best labels of the one that may replace it, best first
 */
public record PairedAnswer(String trueClass, List<String> incumbent, List<String> candidate) {
  private static final int MOST = 5;

  public PairedAnswer {
    Objects.requireNonNull(trueClass);
    incumbent = List.copyOf(incumbent);
    candidate = List.copyOf(candidate);
    if (candidate.isEmpty() || candidate.size() > MOST || incumbent.size() > MOST) {
      throw new IllegalArgumentException(
          "an answer names one to five labels: %s, %s".formatted(incumbent, candidate));
    }
  }

  boolean incumbentIsRight() {
    return !incumbent.isEmpty() && incumbent.get(0).equals(trueClass);
  }

  boolean candidateIsRight() {
    return candidate.get(0).equals(trueClass);
  }
}
