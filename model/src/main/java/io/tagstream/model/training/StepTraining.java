package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Weights;
import io.tagstream.model.training.ImageReader.Outcome;
import io.tagstream.model.training.ImageReader.Read;
import io.tagstream.model.training.ImageReader.Unreadable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Trains by mini-batches of random crops, through all layers down to the first that may change. */
final class StepTraining {
  private static final int VALIDATION_BATCH = 64;

  /** What the paper's GPUs had. */
  private static final long MEMORY_BYTES = 3L << 30;

  private final TrainingRun run;
  private final TrainingStep step;
  private final int stepsPerEpoch;
  private final LearningRateSchedule schedule;
  private final Pace pace;

  private StepTraining(TrainingRun run, TrainingStep step) {
    this.run = run;
    this.step = step;
    int images = run.training().size();
    int batch = run.options().batchSize();
    long epochs = run.options().epochs();
    stepsPerEpoch = (images + batch - 1) / batch;
    schedule =
        new LearningRateSchedule(run.options().optimizer().learningRate(), epochs * stepsPerEpoch);
    pace = new Pace(epochs * images);
  }

  static TrainingRun.Arrival train(
      TrainingRun run, TrainingStep.Factory factory, Weights start, Set<String> trainable) {
    TrainingOptions options = run.options();
    try (TrainingStep step =
        factory.begin(
            new TrainingStep.Setup(
                start,
                run.preprocessing(),
                trainable,
                options.optimizer(),
                0,
                Optional.empty(),
                options.batchSize(),
                MEMORY_BYTES,
                options.seed(),
                run.threads()))) {
      return new StepTraining(run, step).train();
    }
  }

  private TrainingRun.Arrival train() {
    int epochs = run.options().epochs();
    Optional<Evaluation> validation = Optional.empty();
    // One decoder keeps up with a step that takes many times as long.
    try (ImageReader reader = new ImageReader(run.preprocessing(), Views.CENTER, 1)) {
      for (int epoch = 1; epoch <= epochs; epoch++) {
        double loss = trainEpoch(epoch, reader);
        validation = validate();
        run.progress().epoch(epoch, epochs, loss, validation);
      }
    }
    return new TrainingRun.Arrival(step.weights(), validation);
  }

  private double trainEpoch(int epoch, ImageReader reader) {
    TrainingOptions options = run.options();
    RandomCrops crops = new RandomCrops(run.preprocessing(), options.seed(), epoch);
    Iterator<Outcome<byte[]>> outcomes =
        reader.read(crops.shuffled(run.training()), 2 * options.batchSize(), crops);
    double sum = 0;
    for (int i = 0; i < stepsPerEpoch; i++) {
      List<Read<byte[]>> batch = next(outcomes, options.batchSize());
      long stepsBefore = (epoch - 1L) * stepsPerEpoch + i;
      double loss =
          step.step(
              new CropBatch(batch.stream().map(Read::value).toList(), 1, run.cropBytes()),
              batch.stream().mapToInt(read -> read.image().classIndex()).toArray(),
              schedule.at(stepsBefore));
      if (!Double.isFinite(loss)) {
        throw new ModelException(
            "the loss is %s in epoch %d, step %d: try a lower learning rate than %s"
                .formatted(loss, epoch, i + 1, options.optimizer().learningRate()));
      }
      sum += loss * batch.size();
      pace.add(batch.size());
      run.progress()
          .step(
              epoch,
              options.epochs(),
              i + 1,
              stepsPerEpoch,
              pace.perSecond(),
              loss,
              pace.remaining());
    }
    return sum / run.training().size();
  }

  private static List<Read<byte[]>> next(Iterator<Outcome<byte[]>> outcomes, int size) {
    List<Read<byte[]>> batch = new ArrayList<>();
    while (batch.size() < size && outcomes.hasNext()) {
      Outcome<byte[]> outcome = outcomes.next();
      if (outcome instanceof Unreadable<byte[]> unreadable) {
        throw new ModelException(
            "%s could be read before the training and cannot be now: %s"
                .formatted(unreadable.image().content().place(), unreadable.reason()));
      } else if (outcome instanceof Read<byte[]> read) {
        batch.add(read);
      }
    }
    return batch;
  }

  private Optional<Evaluation> validate() {
    if (run.validation().isEmpty()) {
      return Optional.empty();
    }
    try (DirectWeights onDevice =
            new DirectWeights(
                step.weights(), new Normalization(run.preprocessing()), run.threads());
        Forward forward = onDevice.newForward(VALIDATION_BATCH)) {
      Evaluator evaluator =
          new Evaluator(run.preprocessing(), Views.CENTER_AND_FLIP, VALIDATION_BATCH, 1);
      return Optional.of(
          evaluator.evaluate(
              Classifier.of(forward, run.preprocessing(), run.labels().size()),
              run.validation(),
              run.labels(),
              TrainingProgress.SILENT));
    }
  }
}
