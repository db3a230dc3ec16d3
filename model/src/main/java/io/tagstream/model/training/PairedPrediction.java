package io.tagstream.model.training;

import java.util.List;
import java.util.Objects;

/**
 * The predictions of incumbent and candidate for one held-out image. They are labels, because the
 * two may have different classes: a model that lacks the class is simply wrong.
 *
 * @param trueClass the image's label
 * @param incumbent the incumbent's five best labels, best first; empty without an incumbent
 * @param candidate the candidate's five best labels, best first
 */
public record PairedPrediction(String trueClass, List<String> incumbent, List<String> candidate) {
  private static final int MOST = 5;

  public PairedPrediction {
    Objects.requireNonNull(trueClass);
    incumbent = List.copyOf(incumbent);
    candidate = List.copyOf(candidate);
    if (candidate.isEmpty() || candidate.size() > MOST || incumbent.size() > MOST) {
      throw new IllegalArgumentException(
          "a prediction has one to five labels: %s, %s".formatted(incumbent, candidate));
    }
  }

  boolean incumbentIsRight() {
    return !incumbent.isEmpty() && incumbent.get(0).equals(trueClass);
  }

  boolean candidateIsRight() {
    return candidate.get(0).equals(trueClass);
  }
}
