package io.tagstream.model.samediff;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.samediff.SameDiffNetwork.Gradients;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.Optimizer;
import io.tagstream.model.training.TrainingStep;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/** A training step whose gradients come from a SameDiff graph. */
public final class SameDiffTrainingStep implements TrainingStep {
  private final int threads;
  private final SameDiffNetwork graph;
  private final Normalization normalization;
  private final Random dropout;
  private final Map<String, ParameterUpdate> updates = new HashMap<>();

  /** As {@link TrainingStep.Factory} has it, with all processors. */
  public SameDiffTrainingStep(
      Weights start,
      Preprocessing preprocessing,
      Set<String> trainable,
      Optimizer optimizer,
      long seed) {
    this(
        start,
        preprocessing,
        trainable,
        optimizer,
        seed,
        Runtime.getRuntime().availableProcessors());
  }

  /**
   * As {@link TrainingStep.Factory} has it, with some of the processors.
   *
   * @param threads one is fastest for a network so narrow that an op takes microseconds
   */
  public SameDiffTrainingStep(
      Weights start,
      Preprocessing preprocessing,
      Set<String> trainable,
      Optimizer optimizer,
      long seed,
      int threads) {
    this.threads = threads;
    // Its calls of System.gc() would stop the training every few seconds.
    Nd4j.getMemoryManager().togglePeriodicGc(false);
    normalization = new Normalization(preprocessing);
    dropout = new Random(seed);
    graph = SameDiffNetwork.forTraining(start, DataType.FLOAT, trainable);
    for (String name : trainable) {
      updates.put(name, ParameterUpdate.of(optimizer, graph.parameter(name)));
    }
  }

  @Override
  public double step(CropBatch crops, int[] classes, double learningRate) {
    // A setting of the calling thread, which an engine may have changed since.
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    NetworkDescription network = graph.network();
    int size = crops.size();
    Map<String, INDArray> masks = new HashMap<>();
    try (INDArray input =
            Nd4j.createUninitialized(
                DataType.FLOAT,
                size,
                NetworkDescription.INPUT_CHANNELS,
                network.inputSize(),
                network.inputSize());
        INDArray targets = Nd4j.zeros(DataType.FLOAT, size, network.classes())) {
      FloatBuffer pixels = SameDiffNetwork.floats(input);
      for (int i = 0; i < size; i++) {
        normalization.planar(crops, i, pixels, i * crops.cropBytes());
        targets.putScalar(i, classes[i], 1);
      }
      for (Dense layer : network.dense()) {
        if (layer.dropout() > 0) {
          masks.put(layer.name(), mask(size, layer));
        }
      }
      Gradients gradients = graph.gradients(input, targets, masks);
      gradients
          .byParameter()
          .forEach((name, gradient) -> updates.get(name).apply(gradient, learningRate));
      return gradients.loss();
    } finally {
      masks.values().forEach(INDArray::close);
    }
  }

  private INDArray mask(int size, Dense layer) {
    INDArray mask = Nd4j.createUninitialized(DataType.FLOAT, size, layer.units());
    FloatBuffer values = SameDiffNetwork.floats(mask);
    float kept = (float) (1 / (1 - layer.dropout()));
    while (values.hasRemaining()) {
      values.put(dropout.nextFloat() < layer.dropout() ? 0 : kept);
    }
    return mask;
  }

  @Override
  public Weights weights() {
    return graph.weights();
  }

  @Override
  public void close() {
    updates.values().forEach(ParameterUpdate::close);
    graph.close();
  }
}
