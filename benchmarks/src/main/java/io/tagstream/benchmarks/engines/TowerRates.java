package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.benchmarks.probe.Turns;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Compares, in turns, training in two towers, each with half of the processors, with training one
 * network with all of them.
 */
public final class TowerRates implements Probe {
  /** Images a second of a training step in one network. */
  public static final String ONE = "one network step";

  public static final String TWO = "two towers step";

  /**
   * Prefix of a layer's name: bytes that a tower sends the other for this layer and one image, in
   * both passes.
   */
  public static final String EXCHANGED = "training bytes for ";

  @Override
  public Map<String, Double> measure(ProbeTask task) {
    ModelBundle bundle = new ModelStore(Path.of(task.models())).openLive();
    int cropBytes = new Normalization(bundle.preprocessing()).cropBytes();
    CropBatch crops = new CropBatch(Contest.noise(StepRates.BATCH, cropBytes), 1, cropBytes);
    int[] labels = IntStream.range(0, StepRates.BATCH).toArray();
    try (Weights weights = bundle.weights()) {
      TrainingStep.Setup setup = StepRates.setup(bundle, weights, task.threads());
      try (TrainingStep one = new DirectTrainingStep(setup);
          DirectTrainingStep two = DirectTrainingStep.inTowers(setup)) {
        Map<String, Double> figures =
            new LinkedHashMap<>(
                Turns.medians(
                    task,
                    turns -> {
                      turns.add(ONE, StepRates.rate(one, crops, labels));
                      two.takeExchangedBytes();
                      turns.add(TWO, StepRates.rate(two, crops, labels));
                    }));
        two.takeExchangedBytes()
            .forEach(
                (layer, bytes) -> figures.put(EXCHANGED + layer, (double) bytes / StepRates.BATCH));
        return figures;
      }
    }
  }

  /** Bytes that a tower sends for one image, by layer. */
  public static Map<String, Double> exchanged(Map<String, Double> figures) {
    Map<String, Double> bytes = new LinkedHashMap<>();
    figures.forEach(
        (figure, value) -> {
          if (figure.startsWith(EXCHANGED)) {
            bytes.put(figure.substring(EXCHANGED.length()), value);
          }
        });
    return bytes;
  }
}
