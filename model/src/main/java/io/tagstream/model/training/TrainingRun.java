package io.tagstream.model.training;

import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.util.BitSet;
import java.util.List;

/**
 * The input of {@link StepTraining} and {@link LastLayerTraining}.
 *
 * @param training training images, all of which could be read
 * @param watched images set aside to detect a stall; empty if the schedule does not need them
 * @param heldOut held-out images, possibly none, at most {@link Preparation#MOST_MEASURED}
 * @param fresh the training images that no run has used, by position
 * @param principalColors of the training images
 * @param labels in class order
 */
record TrainingRun(
    Recipe recipe,
    Preprocessing preprocessing,
    List<LabelledImage> training,
    List<LabelledImage> watched,
    List<LabelledImage> heldOut,
    BitSet fresh,
    PrincipalColors principalColors,
    List<String> labels,
    TrainingOptions options,
    TrainingResources resources,
    TrainingProgress progress) {

  /**
   * The trained weights.
   *
   * @param heldOut the predictions for the held-out images
   */
  record Trained(Weights weights, EvaluatedPredictions heldOut, TrainingHistory history) {}

  /** The size of one crop, in bytes. */
  int cropBytes() {
    return preprocessing.crop() * preprocessing.crop() * 3;
  }
}
