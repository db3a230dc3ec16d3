package io.tagstream.benchmarks.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.tagstream.benchmarks.engines.StepRates;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.benchmarks.probe.Turns;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;

/** Measures a training step of DJL's PyTorch with the same weights and the same optimizer. */
public final class TorchStep implements Probe {
  @Override
  public Map<String, Double> measure(ProbeTask task) {
    int batch = StepRates.BATCH;
    try (NDManager manager = Torch.start(Torch.folder(task.models()), task.threads());
        Weights weights = new ModelStore(Path.of(task.models())).openLive().weights()) {
      TorchNetwork network = new TorchNetwork(manager, weights);
      network.parameters().values().forEach(parameter -> parameter.setRequiresGradient(true));
      int side = network.inputSize();
      NDArray images = manager.randomUniform(-1, 1, new Shape(batch, 3, side, side));
      NDArray labels = manager.create(IntStream.range(0, batch).asLongStream().toArray());
      Optimizer optimizer =
          Optimizer.sgd()
              .setLearningRateTracker(Tracker.fixed((float) StepRates.RATE))
              .optMomentum((float) StepRates.MOMENTUM)
              .optWeightDecays((float) StepRates.WEIGHT_DECAY)
              .build();
      return Turns.medians(
          task,
          turns -> {
            long start = System.nanoTime();
            step(network, optimizer, manager, images, labels);
            turns.add(StepRates.FIGURE, batch * 1e9 / (System.nanoTime() - start));
          });
    }
  }

  private static void step(
      TorchNetwork network,
      Optimizer optimizer,
      NDManager manager,
      NDArray images,
      NDArray labels) {
    try (NDManager call = manager.newSubManager();
        GradientCollector gradients = Engine.getEngine("PyTorch").newGradientCollector()) {
      NDArray input = images.duplicate();
      input.attach(call);
      NDArray loss =
          Loss.softmaxCrossEntropyLoss()
              .evaluate(new NDList(labels), new NDList(network.logits(input, true)));
      gradients.backward(loss);
      network
          .parameters()
          .forEach((name, parameter) -> optimizer.update(name, parameter, parameter.getGradient()));
      gradients.zeroGradients();
    }
  }
}
