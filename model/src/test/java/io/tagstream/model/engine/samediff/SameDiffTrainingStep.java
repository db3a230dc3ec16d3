package io.tagstream.model.engine.samediff;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DropoutMasks;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.samediff.SameDiffGradients.Gradients;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/** A training step whose gradients come from a SameDiff graph. */
public final class SameDiffTrainingStep implements TrainingStep {
  private final int threads;
  private final SameDiffGradients graph;
  private final Normalization normalization;
  private final DropoutMasks dropout;
  private final double labelSmoothing;
  private long steps;
  private final Map<String, ParameterUpdate> updates = new HashMap<>();

  public SameDiffTrainingStep(Setup setup) {
    if (setup.averaging().isPresent()) {
      throw new UnsupportedOperationException("averaging");
    }
    this.threads = setup.threads();
    this.labelSmoothing = setup.labelSmoothing();
    // ND4J's periodic System.gc() would stop the training every few seconds.
    Nd4j.getMemoryManager().togglePeriodicGc(false);
    normalization = new Normalization(setup.preprocessing());
    dropout = new DropoutMasks(setup.seed());
    graph = new SameDiffGradients(setup.start(), DataType.FLOAT, setup.trainable());
    for (String name : setup.trainable()) {
      updates.put(name, ParameterUpdate.of(setup.optimizer(), graph.parameter(name)));
    }
  }

  @Override
  public double step(CropBatch crops, int[] classes, double learningRate) {
    // OpenMP keeps this setting per thread, and an engine may have changed it.
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
        INDArray targets =
            Nd4j.valueArrayOf(
                new long[] {size, network.classes()},
                labelSmoothing / network.classes(),
                DataType.FLOAT)) {
      FloatBuffer pixels = SameDiffGradients.floats(input);
      for (int i = 0; i < size; i++) {
        normalization.planar(crops, i, pixels, i * crops.cropBytes());
        targets.putScalar(i, classes[i], 1 - labelSmoothing + labelSmoothing / network.classes());
      }
      for (int i = 0; i < network.dense().size(); i++) {
        Dense layer = network.dense().get(i);
        if (layer.dropout() > 0) {
          masks.put(layer.name(), mask(size, layer, i));
        }
      }
      Gradients gradients = graph.gradients(input, targets, masks);
      gradients
          .byParameter()
          .forEach((name, gradient) -> updates.get(name).apply(gradient, learningRate));
      steps++;
      return gradients.loss();
    } finally {
      masks.values().forEach(INDArray::close);
    }
  }

  private INDArray mask(int size, Dense layer, int position) {
    INDArray mask = Nd4j.createUninitialized(DataType.FLOAT, size, layer.units());
    FloatBuffer values = SameDiffGradients.floats(mask);
    float[] row = new float[layer.units()];
    for (int i = 0; i < size; i++) {
      dropout.row(steps, position, i, layer.dropout(), row);
      values.put(row);
    }
    return mask;
  }

  @Override
  public Weights weights() {
    return graph.weights();
  }

  @Override
  public Weights averaged() {
    return weights();
  }

  @Override
  public void save(OutputStream to) {
    throw new UnsupportedOperationException("save");
  }

  @Override
  public void restore(InputStream from) {
    throw new UnsupportedOperationException("restore");
  }

  @Override
  public void close() {
    updates.values().forEach(ParameterUpdate::close);
    graph.close();
  }
}
