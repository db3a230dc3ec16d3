package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.LabelledPrediction;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImagePrefetcher.Read;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/**
 * A training for measurement only: it writes no version and keeps no checkpoint. Two experiments
 * with the same images and seed have the same initial weights, where their layers have the same
 * shapes, and process the same images in the same order.
 *
 * @param network its number of classes is replaced by that of the images
 * @param recipe its length must be in epochs
 * @param views the views with which the trained network is evaluated
 */
public record Experiment(NetworkDescription network, Recipe recipe, long seed, List<Views> views) {
  /** The most training images on which the error after an epoch is measured. */
  private static final int MOST_MEASURED = 500;

  public Experiment {
    views = List.copyOf(views);
    if (!(recipe.length() instanceof Recipe.Length.Epochs)) {
      throw new IllegalArgumentException("an experiment's length is in epochs: " + recipe.name());
    }
  }

  /** Passes over the training images. */
  public int epochs() {
    return ((Recipe.Length.Epochs) recipe.length()).count();
  }

  /**
   * The measurements and the final weights.
   *
   * @param trainingErrors after each epoch, the share of at most five hundred training images that
   *     are predicted wrongly from the centre crop, without dropout
   * @param right for each kind of views, the validation images that are predicted correctly
   * @param weights after the last step
   * @param time of the steps only
   */
  public record Result(
      List<Double> trainingErrors, Map<Views, BitSet> right, Weights weights, Duration time) {}

  /** Receives the progress of an experiment and can cancel it. */
  public interface Progress {
    /**
     * An epoch has ended.
     *
     * @param epoch from 1
     * @param trainingError the training error after the epoch, 0 to 1
     */
    void epoch(int epoch, double trainingError);

    /** Checked before each step. */
    boolean isCancelled();
  }

  /**
   * Trains and measures.
   *
   * @throws ModelException if the loss is no longer finite
   * @throws CancellationException if {@code progress} is cancelled
   */
  public Result run(
      ExperimentImages images,
      TrainingStep.Factory factory,
      TrainingResources resources,
      Progress progress) {
    NetworkDescription fitted = network.withClasses(images.labels().size());
    Preprocessing preprocessing = images.preprocessing(recipe.pixels());
    try (Weights first = recipe.initialisation().draw(fitted, seed);
        TrainingStep step = factory.begin(setup(first, preprocessing, resources))) {
      return new Execution(images, preprocessing, step, resources, progress).run();
    }
  }

  private TrainingStep.Setup setup(
      Weights first, Preprocessing preprocessing, TrainingResources resources) {
    return new TrainingStep.Setup(
        first,
        preprocessing,
        first.network().parameters().stream()
            .map(Parameter::name)
            .collect(Collectors.toUnmodifiableSet()),
        recipe.optimizer(),
        recipe.labelSmoothing(),
        recipe.averaging(),
        recipe.batchSize(),
        resources.memoryBytes(),
        seed,
        resources.threads());
  }

  /** An experiment in progress. */
  private final class Execution {
    private final ExperimentImages images;
    private final Preprocessing preprocessing;
    private final TrainingStep step;
    private final TrainingResources resources;
    private final Progress progress;
    private final EpochPlan plan;
    private final List<LabelledImage> sample;
    private final List<Double> errors = new ArrayList<>();

    Execution(
        ExperimentImages images,
        Preprocessing preprocessing,
        TrainingStep step,
        TrainingResources resources,
        Progress progress) {
      this.images = images;
      this.preprocessing = preprocessing;
      this.step = step;
      this.resources = resources;
      this.progress = progress;
      int[] classes = images.training().stream().mapToInt(LabelledImage::classIndex).toArray();
      BitSet all = new BitSet();
      all.set(0, classes.length);
      plan = new EpochPlan(classes, all, (long) epochs() * classes.length, seed);
      sample = EvenSample.of(images.training(), MOST_MEASURED);
    }

    Result run() {
      long imageSteps = (long) epochs() * plan.rowsPerEpoch();
      int batch = recipe.batchSize();
      long steps = (imageSteps + batch - 1) / batch;
      long nanos = 0;
      try (TrainingFeed feed = new TrainingFeed(source(), 0, 1, 2 * batch)) {
        for (long done = 0; done < steps; done++) {
          if (progress.isCancelled()) {
            throw new CancellationException("after %d steps of %d".formatted(done, steps));
          }
          long begin = System.nanoTime();
          step(feed.next(batch), rate(done, steps));
          nanos += System.nanoTime() - begin;
          long epoch = (done + 1) * batch / plan.rowsPerEpoch();
          if (epoch > errors.size() && errors.size() < epochs()) {
            endEpoch();
          }
        }
      }
      if (errors.size() < epochs()) {
        endEpoch();
      }
      Weights last = step.averaged();
      Map<Views, BitSet> right = new EnumMap<>(Views.class);
      views.forEach(each -> right.put(each, right(last, images.validation(), each)));
      return new Result(errors, right, last, Duration.ofNanos(nanos));
    }

    private TrainingFeed.Source source() {
      return new TrainingFeed.Source(
          images.training(),
          plan,
          recipe.augmentation(),
          images.principalColors(),
          preprocessing,
          seed);
    }

    private double rate(long done, long steps) {
      return recipe
          .schedule()
          .rate(recipe.optimizer().learningRate(), done, steps, Schedule.Stall.NONE);
    }

    private void step(List<Read<byte[]>> batch, double rate) {
      int crop = preprocessing.crop();
      double loss =
          step.step(
              new CropBatch(batch.stream().map(Read::value).toList(), 1, crop * crop * 3),
              batch.stream().mapToInt(read -> read.image().classIndex()).toArray(),
              rate);
      if (!Double.isFinite(loss)) {
        throw new ModelException(
            "the loss is %s in epoch %d at a learning rate of %s"
                .formatted(loss, errors.size() + 1, recipe.optimizer().learningRate()));
      }
    }

    private void endEpoch() {
      try (Weights now = step.weights()) {
        int right = right(now, sample, Views.CENTER).cardinality();
        errors.add(1 - (double) right / sample.size());
      }
      progress.epoch(errors.size(), errors.get(errors.size() - 1));
    }

    private BitSet right(Weights weights, List<LabelledImage> measured, Views with) {
      List<LabelledPrediction> predictions =
          EvaluatedPredictions.of(
                  weights,
                  preprocessing,
                  measured,
                  images.labels(),
                  with,
                  resources.threads(),
                  TrainingProgress.SILENT)
              .each();
      BitSet right = new BitSet();
      for (int i = 0; i < predictions.size(); i++) {
        right.set(i, predictions.get(i).first().classIndex() == predictions.get(i).trueClass());
      }
      return right;
    }
  }
}
