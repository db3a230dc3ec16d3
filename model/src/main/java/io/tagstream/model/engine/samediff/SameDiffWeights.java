package io.tagstream.model.engine.samediff;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.nd4j.Nd4jLibrary;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network's weights in one SameDiff graph on ND4J's device, which serves on CUDA. The passes
 * share the graph and take turns; a GPU would run them one at a time in any case.
 */
public final class SameDiffWeights implements DeviceWeights {
  private final SameDiffNetwork graph;
  private final Normalization normalization;

  /** Copies the weights; the given ones are not used afterwards. */
  public SameDiffWeights(Weights weights, Normalization normalization) {
    Nd4jLibrary.load();
    this.graph = new SameDiffNetwork(weights);
    this.normalization = normalization;
  }

  @Override
  public Forward newForward(int maxBatch) {
    return new GraphForward(maxBatch);
  }

  @Override
  public void close() {
    synchronized (graph) {
      graph.close();
    }
  }

  private final class GraphForward implements Forward {
    private final float[] pixels;

    GraphForward(int maxBatch) {
      pixels = new float[maxBatch * normalization.cropBytes()];
    }

    @Override
    public FloatBuffer run(CropBatch batch, Output output) {
      FloatBuffer planar = FloatBuffer.wrap(pixels);
      for (int i = 0; i < batch.size(); i++) {
        normalization.planar(batch, i, planar, i * batch.cropBytes());
      }
      int side = graph.network().inputSize();
      long[] shape = {batch.size(), NetworkDescription.INPUT_CHANNELS, side, side};
      synchronized (graph) {
        try (INDArray input = Nd4j.create(pixels, shape, 'c')) {
          INDArray rows =
              switch (output) {
                case PROBABILITIES -> graph.probabilities(input);
                case FEATURES -> graph.features(input);
              };
          return FloatBuffer.wrap(rows.data().asFloat());
        }
      }
    }

    @Override
    public void close() {}
  }
}
