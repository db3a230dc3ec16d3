package io.tagstream.model.training;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.LabelledPrediction;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.Preprocessing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The predictions of a network for labelled images, with their evaluation.
 *
 * @param each one per readable image, in the images' order
 * @param evaluation of all predictions; empty without any
 */
record EvaluatedPredictions(List<LabelledPrediction> each, Optional<Evaluation> evaluation) {
  private static final int BATCH = 64;

  EvaluatedPredictions {
    each = List.copyOf(each);
  }

  /**
   * As {@link #of(Weights, Preprocessing, List, List, Views, int, TrainingProgress)}, with two
   * views.
   */
  static EvaluatedPredictions of(
      Weights weights,
      Preprocessing preprocessing,
      List<LabelledImage> images,
      List<String> labels,
      int threads,
      TrainingProgress progress) {
    return of(weights, preprocessing, images, labels, Views.CENTER_AND_FLIP, threads, progress);
  }

  /**
   * Computes the predictions on the CPU.
   *
   * @param weights of a network whose input is the preprocessing's crop
   * @param labels in class order
   * @param progress can cancel between images; receives no events
   * @throws java.util.concurrent.CancellationException if {@code progress} is cancelled
   */
  static EvaluatedPredictions of(
      Weights weights,
      Preprocessing preprocessing,
      List<LabelledImage> images,
      List<String> labels,
      Views views,
      int threads,
      TrainingProgress progress) {
    Collector predictions = new Collector(labels);
    if (!images.isEmpty()) {
      try (DeviceWeights onDevice =
              Engines.onCpu(weights, new Normalization(preprocessing), threads, Throttle.none());
          Forward forward = onDevice.newForward(BATCH)) {
        new Evaluator(preprocessing, views, BATCH, 1)
            .predict(
                Classifier.of(forward, preprocessing, labels.size()),
                images,
                cancellationOf(progress),
                predictions::add);
      }
    }
    return predictions.finish();
  }

  /** Passes on only the cancellation: unreadable images were reported when they were first read. */
  private static TrainingProgress cancellationOf(TrainingProgress progress) {
    return new TrainingProgress() {
      @Override
      public boolean isCancelled() {
        return progress.isCancelled();
      }
    };
  }

  /** Collects predictions one by one. */
  static final class Collector {
    private final List<LabelledPrediction> each = new ArrayList<>();
    private final Evaluation.Tally tally;

    Collector(List<String> labels) {
      tally = new Evaluation.Tally(labels);
    }

    /**
     * @param probabilities one per class
     */
    void add(LabelledImage image, float[] probabilities) {
      each.add(
          LabelledPrediction.of(
              image.id(), image.classIndex(), probabilities, () -> image.content().read()));
      tally.add(image.classIndex(), probabilities);
    }

    EvaluatedPredictions finish() {
      return new EvaluatedPredictions(
          each, each.isEmpty() ? Optional.empty() : Optional.of(tally.evaluation()));
    }
  }
}
