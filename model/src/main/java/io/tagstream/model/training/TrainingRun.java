package io.tagstream.model.training;

import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.util.List;
import java.util.Optional;

/**
 * One of the ways from first weights to last ones.
 *
 * @param training images to learn from, all of which could be read
 * @param validation images to measure with after each epoch, perhaps none
 * @param principalColors of the training images
 * @param labels in class order
 * @param threads of an engine's pass
 */
record TrainingRun(
    Preprocessing preprocessing,
    List<LabelledImage> training,
    List<LabelledImage> validation,
    PrincipalColors principalColors,
    List<String> labels,
    TrainingOptions options,
    int threads,
    TrainingProgress progress) {

  /** Where a run arrived. */
  record Arrival(Weights weights, Optional<Evaluation> validation) {}

  /** Bytes of one crop. */
  int cropBytes() {
    return preprocessing.crop() * preprocessing.crop() * 3;
  }
}
