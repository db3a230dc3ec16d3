package io.tagstream.model.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The curves of a training.
 *
 * @param epochs first to last; the last one may be incomplete
 */
public record TrainingHistory(List<Epoch> epochs) {

  /**
   * One pass over the training images.
   *
   * @param number from 1
   * @param imageSteps image-steps since the beginning
   * @param loss the mean training loss over its images, in nats
   * @param learningRate of its last step
   * @param imagesPerSecond during its steps
   * @param waiting the share of its steps' time spent waiting for images, 0 to 1
   * @param heldOut the accuracy of the weights that would be the result; measured after some epochs
   *     and after the last
   */
  public record Epoch(
      int number,
      long imageSteps,
      double loss,
      double learningRate,
      double imagesPerSecond,
      double waiting,
      Optional<Score> heldOut) {
    public Epoch {
      Objects.requireNonNull(heldOut);
    }
  }

  /**
   * The accuracy on held-out images.
   *
   * @param top1 the share of images whose most probable class is the true one
   * @param top5 the share of images whose true class is among the five most probable
   */
  public record Score(int images, double top1, double top5) {
    static Score of(Evaluation evaluation) {
      return new Score(evaluation.images(), evaluation.top1(), evaluation.top5());
    }
  }

  public TrainingHistory {
    // Jackson passes null for an empty list, which is omitted from the JSON.
    epochs = epochs == null ? List.of() : List.copyOf(epochs);
  }

  static TrainingHistory empty() {
    return new TrainingHistory(List.of());
  }

  TrainingHistory with(Epoch next) {
    List<Epoch> longer = new ArrayList<>(epochs);
    longer.add(next);
    return new TrainingHistory(longer);
  }
}
