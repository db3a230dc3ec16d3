package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.benchmarks.probe.Turns;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.training.TrainingResources;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Measures the training step on one repeated batch, with the paper's optimizer. */
public final class StepRates implements Probe {
  /** Images a second, as the median over the task's count of steps. */
  public static final String FIGURE = Meter.RATE;

  public static final int BATCH = 64;
  public static final double RATE = 0.001;
  public static final double MOMENTUM = 0.9;
  public static final double WEIGHT_DECAY = 5e-4;

  @Override
  public Map<String, Double> measure(ProbeTask task) {
    ModelBundle bundle = new ModelStore(Path.of(task.models())).openLive();
    int cropBytes = new Normalization(bundle.preprocessing()).cropBytes();
    CropBatch crops = new CropBatch(Contest.noise(BATCH, cropBytes), 1, cropBytes);
    int[] labels = IntStream.range(0, BATCH).toArray();
    try (Weights weights = bundle.weights();
        TrainingStep step = new DirectTrainingStep(setup(bundle, weights, task.threads()))) {
      return Turns.medians(task, turns -> turns.add(FIGURE, rate(step, crops, labels)));
    }
  }

  /** Trains all parameters, with the paper's optimizer. */
  static TrainingStep.Setup setup(ModelBundle bundle, Weights weights, int threads) {
    return new TrainingStep.Setup(
        weights,
        bundle.preprocessing(),
        bundle.network().parameters().stream().map(Parameter::name).collect(Collectors.toSet()),
        new Optimizer.Sgd(RATE, MOMENTUM, WEIGHT_DECAY),
        0,
        Optional.empty(),
        BATCH,
        TrainingResources.PAPER_MEMORY,
        1,
        threads);
  }

  /** Takes one step and returns its images/s. */
  static double rate(TrainingStep step, CropBatch crops, int[] labels) {
    long start = System.nanoTime();
    step.step(crops, labels, RATE);
    return crops.size() * 1e9 / (System.nanoTime() - start);
  }
}
