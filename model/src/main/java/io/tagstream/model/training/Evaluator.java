package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImageReader.Outcome;
import io.tagstream.model.training.ImageReader.Read;
import io.tagstream.model.training.ImageReader.Unreadable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Compares a model's answers with the labels that images have.
 *
 * @param views crops per image, over which answers are averaged
 * @param maxBatch crops per call of the classifier at most
 * @param decoders threads that decode beside it
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
   * @param progress hears of files that cannot be read, which are left out, and of each image
   * @throws ModelException when a class of the images is none of the model's, or no image can be
   *     read
   */
  public Evaluation evaluate(
      Classifier classifier, Dataset dataset, List<String> labels, TrainingProgress progress) {
    Evaluation evaluation =
        evaluate(classifier, dataset.withLabels(labels).images(), labels, progress);
    if (evaluation.images() == 0) {
      throw new ModelException(
          "none of the %d files in %s is an image that can be read"
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
    answer(
        classifier,
        images,
        progress,
        (image, probabilities) -> tally.add(image.classIndex(), probabilities));
    return tally.evaluation();
  }

  /**
   * The answer to each image that can be read, in their order.
   *
   * @param answers hears an image and its probabilities, in class order
   * @throws java.util.concurrent.CancellationException when {@code progress} says so
   */
  void answer(
      Classifier classifier,
      List<LabelledImage> images,
      TrainingProgress progress,
      BiConsumer<LabelledImage, float[]> answers) {
    int perCall = maxBatch / views.count();
    List<Read<byte[]>> batch = new ArrayList<>();
    int done = 0;
    try (ImageReader reader = new ImageReader(preprocessing, views, decoders)) {
      Iterator<Outcome<byte[]>> outcomes =
          reader.read(images, 2 * perCall, (image, encoded, decoder) -> decoder.decode(encoded));
      while (outcomes.hasNext()) {
        progress.requireGoing("images were measured");
        Outcome<byte[]> outcome = outcomes.next();
        if (outcome instanceof Read<byte[]> read) {
          batch.add(read);
        } else if (outcome instanceof Unreadable<byte[]> unreadable) {
          progress.skipped(unreadable.image().content().place(), unreadable.reason());
        }
        done++;
        if (!batch.isEmpty() && (batch.size() == perCall || !outcomes.hasNext())) {
          ask(classifier, batch, answers);
          batch.clear();
        }
        progress.read(done, images.size());
      }
    }
  }

  private void ask(
      Classifier classifier, List<Read<byte[]>> batch, BiConsumer<LabelledImage, float[]> answers) {
    float[][] rows =
        classifier.probabilities(batch.stream().map(Read::value).toList(), views.count());
    for (int i = 0; i < rows.length; i++) {
      answers.accept(batch.get(i).image(), rows[i]);
    }
  }
}
