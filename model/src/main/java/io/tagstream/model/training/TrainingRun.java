package io.tagstream.model.training;

import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.util.BitSet;
import java.util.List;

/**
 * One of the ways from first weights to last ones.
 *
 * @param training images to learn from, all of which could be read
 * @param watched images that do not train and tell when the rate is to fall; none where the rate
 *     does not depend on any
 * @param heldOut images that are only ever measured, perhaps none, never more than are soon
 *     measured
 * @param fresh the training images that no run has looked at, by position
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
   * Where a run arrived.
   *
   * @param heldOut what the weights answer to the held-out images
   */
  record Arrival(Weights weights, Answers heldOut, TrainingHistory history) {}

  /** Bytes of one crop. */
  int cropBytes() {
    return preprocessing.crop() * preprocessing.crop() * 3;
  }
}
