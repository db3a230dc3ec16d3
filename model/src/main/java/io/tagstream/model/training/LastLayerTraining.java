package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.nd4j.Nd4jLibrary;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.training.ImagePrefetcher.Outcome;
import io.tagstream.model.training.ImagePrefetcher.Read;
import io.tagstream.model.training.ImagePrefetcher.Unreadable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Trains the last layer only: the layers below run once over each image and its mirror image, and
 * training needs only their features. The features are held in memory, 8 KiB per image and thousand
 * units.
 */
final class LastLayerTraining {
  private static final Views VIEWS = Views.CENTER_AND_FLIP;
  private static final int IMAGES_PER_CALL = 32;

  private final TrainingRun run;
  private final Weights start;
  private final NetworkDescription network;

  private LastLayerTraining(TrainingRun run, Weights start) {
    this.run = run;
    this.start = start;
    this.network = start.network();
  }

  static TrainingRun.Trained train(TrainingRun run, Weights start) {
    return new LastLayerTraining(run, start).train();
  }

  private TrainingRun.Trained train() {
    Nd4jLibrary.load();
    List<LabelledImage> images = new ArrayList<>(run.training());
    images.addAll(run.heldOut());
    int samples = run.training().size() * VIEWS.count();
    INDArray validationFeatures =
        allocate(Math.max(1, run.heldOut().size() * VIEWS.count()), network.features());
    INDArray trainingFeatures = allocate(samples, network.features());
    int[] classes = new int[samples];
    for (int i = 0; i < samples; i++) {
      classes[i] = run.training().get(i / VIEWS.count()).classIndex();
    }
    computeFeatures(images, List.of(trainingFeatures, validationFeatures));

    int epochs = run.options().lastLayerEpochs();
    long imageSteps = (long) epochs * run.training().size();
    EvaluatedPredictions heldOut = new EvaluatedPredictions.Collector(run.labels()).finish();
    TrainingHistory history = TrainingHistory.empty();
    try (validationFeatures;
        SoftmaxRegression regression =
            new SoftmaxRegression(trainingFeatures, classes, network.classes())) {
      regression.normalize(validationFeatures);
      Pace pace = new Pace(imageSteps);
      for (int epoch = 1; epoch <= epochs; epoch++) {
        run.progress().throwIfCancelled("the last layer was trained");
        double loss = regression.step();
        pace.add(run.training().size());
        long shown = (long) epoch * run.training().size();
        heldOut = validate(regression, validationFeatures);
        TrainingHistory.Epoch entry =
            new TrainingHistory.Epoch(
                epoch,
                shown,
                loss,
                0,
                pace.perSecond(),
                0,
                heldOut.evaluation().map(TrainingHistory.Score::of));
        history = history.with(entry);
        run.progress()
            .step(
                new TrainingProgress.Step(
                    epoch, epochs, shown, imageSteps, loss, pace.perSecond(), pace.remaining()));
        run.progress()
            .epoch(
                new TrainingProgress.Epoch(entry, epochs, heldOut.evaluation(), pace.remaining()));
      }
      SoftmaxRegression.Layer layer = regression.layer();
      Dense last = network.dense().get(network.dense().size() - 1);
      return new TrainingRun.Trained(
          InitialWeights.replace(
              start,
              network,
              Map.of(
                  last.name() + ".weight", layer.weights(),
                  last.name() + ".bias", layer.biases())),
          heldOut,
          history);
    }
  }

  /**
   * Fills the arrays with the features of the images, one row per image, one array after the other.
   */
  private void computeFeatures(List<LabelledImage> images, List<INDArray> into) {
    Pace pace = new Pace(images.size());
    float[] row = new float[network.features()];
    List<byte[]> batch = new ArrayList<>();
    Iterator<INDArray> arrays = into.iterator();
    FloatBuffer target = buffer(arrays.next());
    int done = 0;
    try (DeviceWeights weights =
            Engines.onCpu(
                start,
                new Normalization(run.preprocessing()),
                run.resources().threads(),
                Throttle.none());
        Forward forward = weights.newForward(IMAGES_PER_CALL * VIEWS.count());
        ImagePrefetcher reader = new ImagePrefetcher(run.preprocessing(), VIEWS, 1)) {
      Iterator<Outcome<byte[]>> outcomes =
          reader.read(
              images, 2 * IMAGES_PER_CALL, (image, encoded, decoder) -> decoder.decode(encoded));
      while (outcomes.hasNext()) {
        run.progress().throwIfCancelled("the last layer was trained");
        batch.add(pixels(outcomes.next()));
        if (batch.size() == IMAGES_PER_CALL || !outcomes.hasNext()) {
          FloatBuffer rows =
              forward.run(new CropBatch(batch, VIEWS.count(), run.cropBytes()), Output.FEATURES);
          for (int i = 0; i < batch.size() * VIEWS.count(); i++) {
            if (!target.hasRemaining()) {
              target = buffer(arrays.next());
            }
            rows.get(row);
            target.put(row);
          }
          done += batch.size();
          pace.add(batch.size());
          run.progress().features(done, images.size(), pace.perSecond(), pace.remaining());
          batch.clear();
        }
      }
    }
  }

  private static byte[] pixels(Outcome<byte[]> outcome) {
    if (outcome instanceof Read<byte[]> read) {
      return read.value();
    }
    throw new ModelException(
        "%s was readable before the training and no longer is: %s"
            .formatted(outcome.image().content().place(), ((Unreadable<byte[]>) outcome).reason()));
  }

  private EvaluatedPredictions validate(SoftmaxRegression regression, INDArray features) {
    EvaluatedPredictions.Collector predictions = new EvaluatedPredictions.Collector(run.labels());
    if (run.heldOut().isEmpty()) {
      return predictions.finish();
    }
    float[][] rows = regression.probabilities(features);
    for (int i = 0; i < run.heldOut().size(); i++) {
      float[] mean = new float[network.classes()];
      for (int view = 0; view < VIEWS.count(); view++) {
        for (int c = 0; c < mean.length; c++) {
          mean[c] += rows[i * VIEWS.count() + view][c] / VIEWS.count();
        }
      }
      predictions.add(run.heldOut().get(i), mean);
    }
    return predictions.finish();
  }

  private static INDArray allocate(int rows, int columns) {
    return Nd4j.createUninitialized(DataType.FLOAT, rows, columns);
  }

  /** The array's values, not a copy; the caller keeps the array open. */
  private static FloatBuffer buffer(INDArray array) {
    return ((FloatPointer) array.data().pointer()).asBuffer();
  }
}
