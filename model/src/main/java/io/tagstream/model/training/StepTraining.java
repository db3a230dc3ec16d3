package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.network.Weights;
import io.tagstream.model.training.ImagePrefetcher.Read;
import io.tagstream.model.training.Schedule.DividedOnStall;
import io.tagstream.model.training.Schedule.Stall;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * Trains with mini-batches, through all layers down to the first trainable one. Batches span the
 * ends of epochs, so that each has the same number of images and the step number determines the
 * next batch.
 */
final class StepTraining {
  /**
   * The most measurements before the last one; with the images below they take a tenth of the time.
   */
  private static final int MOST_MEASUREMENTS = 10;

  /** The most images of a measurement; the last one uses all. */
  private static final int MOST_MEASURED = 500;

  private final TrainingRun run;
  private final Checkpoints checkpoints;
  private final TrainingStep step;
  private final int batchSize;
  private final EpochPlan plan;
  private final List<LabelledImage> sample;
  private final StepClock clock = new StepClock();
  private RunPosition position;
  private Optional<EvaluatedPredictions> heldOut = Optional.empty();

  private StepTraining(TrainingRun run, Checkpoints checkpoints, TrainingStep step) {
    this.run = run;
    this.checkpoints = checkpoints;
    this.step = step;
    this.batchSize = run.recipe().batchSize();
    int[] classes = run.training().stream().mapToInt(LabelledImage::classIndex).toArray();
    // Use the planned budget: a cut is decided only within the first epoch.
    this.plan =
        new EpochPlan(classes, run.fresh(), checkpoints.budget().planned(), run.options().seed());
    this.sample = EvenSample.of(run.heldOut(), MOST_MEASURED);
    this.position = checkpoints.restore(step);
  }

  /**
   * Trains, or resumes a training.
   *
   * @param trainable names of the parameters that are trained
   * @throws CancellationException if {@code run}'s progress is cancelled
   * @throws ModelException if the loss is no longer finite (the run is then removed), or a
   *     checkpoint cannot be written (the previous one is then kept)
   */
  static TrainingRun.Trained train(
      TrainingRun run,
      Checkpoints checkpoints,
      TrainingStep.Factory factory,
      Weights start,
      Set<String> trainable) {
    Recipe recipe = run.recipe();
    try (TrainingStep step =
        factory.begin(
            new TrainingStep.Setup(
                start,
                run.preprocessing(),
                trainable,
                recipe.optimizer(),
                recipe.labelSmoothing(),
                recipe.averaging(),
                recipe.batchSize(),
                run.resources().memoryBytes(),
                run.options().seed(),
                run.resources().threads()))) {
      return new StepTraining(run, checkpoints, step).train();
    }
  }

  private TrainingRun.Trained train() {
    run.progress()
        .run(checkpoints.version(), run.recipe().name(), epochOf(shown()), position.steps());
    // One thread is enough: a step takes many times as long as its images.
    try (TrainingFeed feed = new TrainingFeed(source(), shown(), 1, 2 * batchSize)) {
      while (position.steps() < totalSteps()) {
        if (run.progress().isCancelled()) {
          checkpoints.save(position, step);
          throw new CancellationException(
              "the training of %s was cancelled after %d steps"
                  .formatted(checkpoints.version(), position.steps()));
        }
        advance(feed);
      }
    }
    Weights weights = step.averaged();
    // A run that was resumed after its last step has not measured yet.
    EvaluatedPredictions predictions = heldOut.orElseGet(() -> measure(weights, run.heldOut()));
    return new TrainingRun.Trained(weights, predictions, position.history());
  }

  private TrainingFeed.Source source() {
    return new TrainingFeed.Source(
        run.training(),
        plan,
        run.recipe().augmentation(),
        run.principalColors(),
        run.preprocessing(),
        run.options().seed());
  }

  private void advance(TrainingFeed feed) {
    long before = shown();
    clock.begin();
    List<Read<byte[]>> batch = feed.next(batchSize);
    clock.imagesReady();
    double rate = rate();
    double loss =
        step.step(
            new CropBatch(batch.stream().map(Read::value).toList(), 1, run.cropBytes()),
            batch.stream().mapToInt(read -> read.image().classIndex()).toArray(),
            rate);
    clock.end(batch.size());
    if (!Double.isFinite(loss)) {
      checkpoints.remove();
      throw new ModelException(
          "the loss is %s in epoch %d, step %d: try a lower learning rate than %s"
              .formatted(
                  loss,
                  epochOf(before),
                  position.steps() + 1,
                  run.recipe().optimizer().learningRate()));
    }
    position = position.after(loss, batch.size());
    decideBudget();
    boolean ended =
        shown() / plan.rowsPerEpoch() > before / plan.rowsPerEpoch()
            || position.steps() == totalSteps();
    if (ended) {
      endEpoch(rate);
    }
    checkpoints.saveIfDue(position, step, ended);
    run.progress()
        .step(
            new TrainingProgress.Step(
                epochOf(before),
                epochs(),
                shown(),
                totalSteps() * batchSize,
                loss,
                clock.imagesPerSecond(),
                clock.timeFor(totalSteps() * batchSize - shown())));
  }

  private double rate() {
    return run.recipe()
        .schedule()
        .rate(
            run.recipe().optimizer().learningRate(),
            position.steps(),
            checkpoints.budget().stepsAt(position.steps(), batchSize),
            position.stall());
  }

  private void decideBudget() {
    Budget budget = checkpoints.budget();
    if (budget.isOpen()) {
      clock
          .firstStepsRate()
          .ifPresent(rate -> checkpoints.decide(budget.atRate(rate, position.steps(), shown())));
    }
  }

  private void endEpoch(double rate) {
    boolean last = position.steps() == totalSteps();
    int epoch = last ? epochs() : (int) (shown() / plan.rowsPerEpoch());
    int every = (epochs() + MOST_MEASUREMENTS - 1) / MOST_MEASUREMENTS;
    Optional<EvaluatedPredictions> predictions =
        last || epoch % every == 0
            ? Optional.of(measure(step.averaged(), last ? run.heldOut() : sample))
            : Optional.empty();
    if (last) {
      heldOut = predictions;
    }
    Optional<Evaluation> measured = predictions.flatMap(EvaluatedPredictions::evaluation);
    StepClock.Epoch times = clock.endEpoch();
    TrainingHistory.Epoch entry =
        new TrainingHistory.Epoch(
            epoch,
            shown(),
            position.meanLoss(),
            rate,
            times.imagesPerSecond(),
            times.waiting(),
            measured.map(TrainingHistory.Score::of));
    position = position.afterEpoch(entry, stall());
    run.progress()
        .epoch(
            new TrainingProgress.Epoch(
                entry, epochs(), measured, clock.timeFor(totalSteps() * batchSize - shown())));
  }

  private Stall stall() {
    if (!(run.recipe().schedule() instanceof DividedOnStall rule)) {
      return position.stall();
    }
    return measure(step.weights(), run.watched())
        .evaluation()
        .map(evaluation -> rule.after(position.stall(), 1 - evaluation.top1()))
        .orElse(position.stall());
  }

  private EvaluatedPredictions measure(Weights weights, List<LabelledImage> images) {
    return EvaluatedPredictions.of(
        weights,
        run.preprocessing(),
        images,
        run.labels(),
        run.resources().threads(),
        run.progress());
  }

  /** Image-steps so far. */
  private long shown() {
    return position.steps() * batchSize;
  }

  private long totalSteps() {
    return checkpoints.budget().steps(batchSize);
  }

  private int epochs() {
    long size = plan.rowsPerEpoch();
    return (int) ((checkpoints.budget().imageSteps() + size - 1) / size);
  }

  /**
   * The epoch of an image, from 1. The last batch may have more images than the last epoch.
   *
   * @param image its number among all image-steps, from 0
   */
  private int epochOf(long image) {
    return Math.min(epochs(), (int) (image / plan.rowsPerEpoch()) + 1);
  }
}
