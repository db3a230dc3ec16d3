package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImagePrefetcher.Outcome;
import io.tagstream.model.training.ImagePrefetcher.Read;
import io.tagstream.model.training.ImagePrefetcher.Unreadable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Compares a model's predictions with the labels of images.
 *
 * @param views crops per image, over which probabilities are averaged
 * @param maxBatch the most crops per call of the classifier
 * @param decoders threads that decode concurrently with the classifier
 */
public record Evaluator(Preprocessing preprocessing, Views views, int maxBatch, int decoders) {

  public Evaluator {
    if (maxBatch < views.count() || decoders < 1) {
      throw new IllegalArgumentException(
          "needs room for %d crops and a decoder: %d, %d"
              .formatted(views.count(), maxBatch, decoders));
    }
  }

  /**
   * Evaluates on a data set.
   *
   * @param labels the model's, in class order
   * @param progress receives unreadable files, which are left out, and each image
   * @throws ModelException if the model lacks a class of the images, or no image can be read
   */
  public Evaluation evaluate(
      Classifier classifier, Dataset dataset, List<String> labels, TrainingProgress progress) {
    Evaluation evaluation =
        evaluate(classifier, dataset.withLabels(labels).images(), labels, progress);
    if (evaluation.images() == 0) {
      throw new ModelException(
          "none of the %d files in %s is a readable image"
              .formatted(dataset.images().size(), dataset.description()));
    }
    return evaluation;
  }

  Evaluation evaluate(
      Classifier classifier,
      List<LabelledImage> images,
      List<String> labels,
      TrainingProgress progress) {
    Evaluation.Tally tally = new Evaluation.Tally(labels);
    predict(
        classifier,
        images,
        progress,
        (image, probabilities) -> tally.add(image.classIndex(), probabilities));
    return tally.evaluation();
  }

  /**
   * Computes the prediction for each readable image, in their order.
   *
   * @param predictions receives each image and its probabilities, in class order
   * @throws java.util.concurrent.CancellationException if {@code progress} is cancelled
   */
  void predict(
      Classifier classifier,
      List<LabelledImage> images,
      TrainingProgress progress,
      BiConsumer<LabelledImage, float[]> predictions) {
    int perCall = maxBatch / views.count();
    List<Read<byte[]>> batch = new ArrayList<>();
    int done = 0;
    try (ImagePrefetcher reader = new ImagePrefetcher(preprocessing, views, decoders)) {
      Iterator<Outcome<byte[]>> outcomes =
          reader.read(images, 2 * perCall, (image, encoded, decoder) -> decoder.decode(encoded));
      while (outcomes.hasNext()) {
        progress.throwIfCancelled("images were measured");
        Outcome<byte[]> outcome = outcomes.next();
        if (outcome instanceof Read<byte[]> read) {
          batch.add(read);
        } else if (outcome instanceof Unreadable<byte[]> unreadable) {
          progress.skipped(unreadable.image().content().place(), unreadable.reason());
        }
        done++;
        if (!batch.isEmpty() && (batch.size() == perCall || !outcomes.hasNext())) {
          predictBatch(classifier, batch, predictions);
          batch.clear();
        }
        progress.read(done, images.size());
      }
    }
  }

  private void predictBatch(
      Classifier classifier,
      List<Read<byte[]>> batch,
      BiConsumer<LabelledImage, float[]> predictions) {
    float[][] rows =
        classifier.probabilities(batch.stream().map(Read::value).toList(), views.count());
    for (int i = 0; i < rows.length; i++) {
      predictions.accept(batch.get(i).image(), rows[i]);
    }
  }
}
