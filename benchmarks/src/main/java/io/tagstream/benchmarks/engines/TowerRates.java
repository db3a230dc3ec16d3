package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.benchmarks.probe.Turns;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.engine.onednn.OneDnnWeights;
import io.tagstream.model.engine.onednn.TowerWeights;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The network in two towers, each with half of the processors, against one network with all of
 * them: serving and training, in turns.
 */
public final class TowerRates implements Probe {
  public static final String ONE = "one network";
  public static final String TWO = "two towers";

  /** What the bytes are exchanged in. */
  public static final String SERVING = "serving";

  public static final String TRAINING = "training";

  private static final String EXCHANGED = " bytes for ";

  @Override
  public Map<String, Double> measure(ProbeTask task) throws InterruptedException {
    ModelBundle bundle = new ModelStore(Path.of(task.models())).openLive();
    Map<String, Double> figures = new LinkedHashMap<>();
    if (!OneDnnWeights.areUsable()) {
      return figures;
    }
    try (Weights weights = bundle.weights()) {
      figures.putAll(serving(bundle, weights, task));
      figures.putAll(training(bundle, weights, task));
    }
    return figures;
  }

  /** The figure of a training step. */
  public static String step(String who) {
    return who + " step";
  }

  /** What the figures say of bytes that a tower sends for an image, by layer. */
  public static Map<String, Double> exchanged(Map<String, Double> figures, String in) {
    Map<String, Double> bytes = new LinkedHashMap<>();
    figures.forEach(
        (figure, value) -> {
          if (figure.startsWith(in + EXCHANGED)) {
            bytes.put(figure.substring((in + EXCHANGED).length()), value);
          }
        });
    return bytes;
  }

  private static void addBytes(
      Map<String, Double> figures, String in, Map<String, Long> bytes, int images) {
    bytes.forEach((layer, count) -> figures.put(in + EXCHANGED + layer, (double) count / images));
  }

  private static Map<String, Double> serving(ModelBundle bundle, Weights weights, ProbeTask task)
      throws InterruptedException {
    Normalization pixels = new Normalization(bundle.preprocessing());
    int threads = task.threads();
    int most = Contest.BATCHES.get(Contest.BATCHES.size() - 1);
    try (DeviceWeights one = Engines.onCpu(weights, pixels, threads, Throttle.none());
        TowerWeights two = new TowerWeights(weights, pixels, threads, Throttle.none());
        Forward network = one.newForward(most);
        TowerWeights.TowerForward towers = two.newForward(most)) {
      Map<String, Consumer<List<byte[]>>> engines = new LinkedHashMap<>();
      engines.put(ONE, crops -> run(network, crops, pixels));
      engines.put(TWO, crops -> run(towers, crops, pixels));
      Map<String, Double> figures =
          new LinkedHashMap<>(Contest.run(engines, pixels.cropBytes(), task));
      towers.takeExchangedBytes();
      run(towers, Contest.noise(most, pixels.cropBytes()), pixels);
      addBytes(figures, SERVING, towers.takeExchangedBytes(), most);
      return figures;
    }
  }

  private static void run(Forward pass, List<byte[]> crops, Normalization pixels) {
    pass.run(new CropBatch(crops, 1, pixels.cropBytes()), Output.PROBABILITIES);
  }

  private static Map<String, Double> training(ModelBundle bundle, Weights weights, ProbeTask task) {
    TrainingStep.Setup setup = StepRates.setup(bundle, weights, task.threads());
    int cropBytes = new Normalization(bundle.preprocessing()).cropBytes();
    CropBatch crops = new CropBatch(Contest.noise(StepRates.BATCH, cropBytes), 1, cropBytes);
    int[] labels = IntStream.range(0, StepRates.BATCH).toArray();
    try (TrainingStep one = new DirectTrainingStep(setup);
        DirectTrainingStep two = DirectTrainingStep.inTowers(setup)) {
      Map<String, Double> figures =
          new LinkedHashMap<>(
              Turns.medians(
                  task,
                  turns -> {
                    turns.add(step(ONE), StepRates.rate(one, crops, labels));
                    two.takeExchangedBytes();
                    turns.add(step(TWO), StepRates.rate(two, crops, labels));
                  }));
      addBytes(figures, TRAINING, two.takeExchangedBytes(), StepRates.BATCH);
      return figures;
    }
  }
}
