package io.tagstream.model.training;

import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.Answer;
import io.tagstream.model.store.Preprocessing;
import java.util.ArrayList;
import java.util.List;

/** What weights answer to labelled images, on the centre crop and its mirror image. */
final class Answers {
  private static final int BATCH = 64;

  private Answers() {}

  /**
   * The answers to the images that can be read, in their order.
   *
   * @param weights of a network for crops of the preprocessing's size
   */
  static List<Answer> of(
      Weights weights, Preprocessing preprocessing, List<LabelledImage> images, int threads) {
    List<Answer> answers = new ArrayList<>();
    if (images.isEmpty()) {
      return answers;
    }
    try (DirectWeights onDevice =
            new DirectWeights(weights, new Normalization(preprocessing), threads);
        Forward forward = onDevice.newForward(BATCH)) {
      new Evaluator(preprocessing, Views.CENTER_AND_FLIP, BATCH, 1)
          .answer(
              Classifier.of(forward, preprocessing, weights.network().classes()),
              images,
              TrainingProgress.SILENT,
              (image, probabilities) ->
                  answers.add(
                      Answer.of(
                          image.id(),
                          image.classIndex(),
                          probabilities,
                          () -> image.content().read())));
    }
    return answers;
  }
}
