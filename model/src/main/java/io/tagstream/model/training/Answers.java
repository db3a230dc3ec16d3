package io.tagstream.model.training;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.Answer;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.Preprocessing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What weights answer to labelled images.
 *
 * @param each one a readable image, in the images' order
 * @param evaluation of all of them; empty without any
 */
record Answers(List<Answer> each, Optional<Evaluation> evaluation) {
  private static final int BATCH = 64;

  Answers {
    each = List.copyOf(each);
  }

  /** {@link #of(Weights, Preprocessing, List, List, Views, int, TrainingProgress)} on two views. */
  static Answers of(
      Weights weights,
      Preprocessing preprocessing,
      List<LabelledImage> images,
      List<String> labels,
      int threads,
      TrainingProgress progress) {
    return of(weights, preprocessing, images, labels, Views.CENTER_AND_FLIP, threads, progress);
  }

  /**
   * Asks.
   *
   * @param weights of a network for crops of the preprocessing's size
   * @param labels in class order
   * @param progress is asked for each image whether to go on, and hears nothing
   * @throws java.util.concurrent.CancellationException when it says so
   */
  static Answers of(
      Weights weights,
      Preprocessing preprocessing,
      List<LabelledImage> images,
      List<String> labels,
      Views views,
      int threads,
      TrainingProgress progress) {
    Collector answers = new Collector(labels);
    if (!images.isEmpty()) {
      try (DeviceWeights onDevice =
              Engines.onCpu(weights, new Normalization(preprocessing), threads, Throttle.none());
          Forward forward = onDevice.newForward(BATCH)) {
        new Evaluator(preprocessing, views, BATCH, 1)
            .answer(
                Classifier.of(forward, preprocessing, labels.size()),
                images,
                onlyAsked(progress),
                answers::add);
      }
    }
    return answers.finish();
  }

  /** These images were read before, and what could not be read was said. */
  private static TrainingProgress onlyAsked(TrainingProgress progress) {
    return new TrainingProgress() {
      @Override
      public boolean isCancelled() {
        return progress.isCancelled();
      }
    };
  }

  /** Takes answers one by one. */
  static final class Collector {
    private final List<Answer> each = new ArrayList<>();
    private final Evaluation.Tally tally;

    Collector(List<String> labels) {
      tally = new Evaluation.Tally(labels);
    }

    /**
     * @param probabilities by class
     */
    void add(LabelledImage image, float[] probabilities) {
      each.add(
          Answer.of(image.id(), image.classIndex(), probabilities, () -> image.content().read()));
      tally.add(image.classIndex(), probabilities);
    }

    Answers finish() {
      return new Answers(each, each.isEmpty() ? Optional.empty() : Optional.of(tally.evaluation()));
    }
  }
}
