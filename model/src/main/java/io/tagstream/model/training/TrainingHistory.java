package io.tagstream.model.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The curves of a training.
 *
 * @param epochs first to last; the last one may have ended before all images were shown again
 */
public record TrainingHistory(List<Epoch> epochs) {

  /**
   * One pass over the training images.
   *
   * @param number from 1
   * @param imageSteps images shown since the beginning, each time counted
   * @param loss the mean over its images, of the training's own target
   * @param learningRate of its last step
   * @param imagesPerSecond in its steps
   * @param waiting the share of its steps' time that passed in waiting for images, 0 to 1
   * @param heldOut how the weights that would be the result answered then; measured after some
   *     epochs and after the last
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
   * Answers on images that never train.
   *
   * @param top1 the share of images whose most probable class is theirs
   * @param top5 the share of images whose class is among the five most probable
   */
  public record Score(int images, double top1, double top5) {
    static Score of(Evaluation evaluation) {
      return new Score(evaluation.images(), evaluation.top1(), evaluation.top5());
    }
  }

  public TrainingHistory {
    // Null is what JSON without the list gives, which is left out while it is empty.
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
