package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.network.Weights;
import io.tagstream.model.training.ImageReader.Read;
import io.tagstream.model.training.Schedule.DividedOnStall;
import io.tagstream.model.training.Schedule.Stall;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * Trains by mini-batches, through all layers down to the first that may change. Batches run across
 * the ends of epochs, so that each has the same number of images and the number of steps says which
 * comes next.
 */
final class StepTraining {
  /** Points of a curve but for its last; with the images below they take a tenth of the time. */
  private static final int MOST_MEASUREMENTS = 10;

  /** For a point of a curve; its last point has all. */
  private static final int MOST_MEASURED = 500;

  private final TrainingRun run;
  private final Checkpoints checkpoints;
  private final TrainingStep step;
  private final int batchSize;
  private final EpochPlan plan;
  private final List<LabelledImage> sample;
  private final StepClock clock = new StepClock();
  private RunPosition position;
  private Optional<Answers> heldOut = Optional.empty();

  private StepTraining(TrainingRun run, Checkpoints checkpoints, TrainingStep step) {
    this.run = run;
    this.checkpoints = checkpoints;
    this.step = step;
    this.batchSize = run.recipe().batchSize();
    int[] classes = run.training().stream().mapToInt(LabelledImage::classIndex).toArray();
    // By the planned budget: a cut comes when the first epoch is under way.
    this.plan =
        new EpochPlan(classes, run.fresh(), checkpoints.budget().planned(), run.options().seed());
    this.sample = EvenSample.of(run.heldOut(), MOST_MEASURED);
    this.position = checkpoints.restore(step);
  }

  /**
   * Trains, or goes on with a training.
   *
   * @param trainable names of the parameters that change
   * @throws CancellationException when {@code run}'s progress says so
   * @throws ModelException when the loss stops being a number, after which the run is forgotten, or
   *     a checkpoint cannot be written, after which the one before is kept
   */
  static TrainingRun.Arrival train(
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

  private TrainingRun.Arrival train() {
    run.progress()
        .run(checkpoints.version(), run.recipe().name(), epochOf(shown()), position.steps());
    // One thread keeps up with a step that takes many times as long.
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
    // A run that goes on after its last step has not measured here.
    Answers answers = heldOut.orElseGet(() -> measure(weights, run.heldOut()));
    return new TrainingRun.Arrival(weights, answers, position.history());
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
    clock.imagesAreThere();
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
    Optional<Answers> answers =
        last || epoch % every == 0
            ? Optional.of(measure(step.averaged(), last ? run.heldOut() : sample))
            : Optional.empty();
    if (last) {
      heldOut = answers;
    }
    Optional<Evaluation> measured = answers.flatMap(Answers::evaluation);
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

  private Answers measure(Weights weights, List<LabelledImage> images) {
    return Answers.of(
        weights,
        run.preprocessing(),
        images,
        run.labels(),
        run.resources().threads(),
        run.progress());
  }

  /** Images shown so far. */
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
   * @param image its place among all that are shown, from 0
   */
  private int epochOf(long image) {
    return Math.min(epochs(), (int) (image / plan.rowsPerEpoch()) + 1);
  }
}
