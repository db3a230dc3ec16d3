package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Weights;
import io.tagstream.model.training.ImageReader.Read;
import java.util.BitSet;
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
    // One thread keeps up with a step that takes many times as long.
    try (TrainingFeed feed = new TrainingFeed(source(), 0, 1, 2 * run.options().batchSize())) {
      for (int epoch = 1; epoch <= epochs; epoch++) {
        double loss = trainEpoch(epoch, feed);
        validation = validate();
        run.progress().epoch(epoch, epochs, loss, validation);
      }
    }
    return new TrainingRun.Arrival(step.weights(), validation);
  }

  private double trainEpoch(int epoch, TrainingFeed feed) {
    TrainingOptions options = run.options();
    int left = run.training().size();
    double sum = 0;
    for (int i = 0; i < stepsPerEpoch; i++) {
      List<Read<byte[]>> batch = feed.next(Math.min(left, options.batchSize()));
      left -= batch.size();
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

  private TrainingFeed.Source source() {
    long seed = run.options().seed();
    List<LabelledImage> images = run.training();
    BitSet allNew = new BitSet();
    allNew.set(0, images.size());
    int[] classes = images.stream().mapToInt(LabelledImage::classIndex).toArray();
    return new TrainingFeed.Source(
        images,
        new EpochPlan(classes, allNew, (long) run.options().epochs() * images.size(), seed),
        Augmentation.STRONG,
        run.principalColors(),
        run.preprocessing(),
        seed);
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
