package io.tagstream.model.engine.samediff;

import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network as a SameDiff graph for the forward pass in float, which serves on CUDA.
 *
 * <p>Not thread-safe. Close it to free its arrays, which are outside the heap.
 */
final class SameDiffNetwork implements AutoCloseable {
  private static final String PROBABILITIES = "probabilities";

  private final LayerGraph layers;

  /** Copies the weights, which may be closed afterwards. */
  SameDiffNetwork(Weights weights) {
    layers = new LayerGraph(weights, DataType.FLOAT, new Serving());
    layers.graph().nn().softmax(PROBABILITIES, layers.logits(), 1);
  }

  private static final class Serving implements LayerGraph.Purpose {
    @Override
    public SDVariable parameter(SameDiff graph, String name, INDArray value) {
      return graph.constant(name, value);
    }

    /** Serving has no dropout. */
    @Override
    public SDVariable after(SameDiff graph, Dense layer, SDVariable activations) {
      return activations;
    }
  }

  NetworkDescription network() {
    return layers.network();
  }

  /**
   * Softmax of each input.
   *
   * @param input {@code [N][3][S][S]}, already scaled and centred
   * @return {@code [N][classes]}, owned by the graph and valid until the next call
   */
  INDArray probabilities(INDArray input) {
    return output(input, PROBABILITIES);
  }

  /**
   * Activations of the layer before the last.
   *
   * @param input {@code [N][3][S][S]}, already scaled and centred
   * @return {@code [N][features]}, owned by the graph and valid until the next call
   */
  INDArray features(INDArray input) {
    return output(input, LayerGraph.FEATURES);
  }

  private INDArray output(INDArray input, String name) {
    layers.beginCall(layers.graph(), input);
    return layers.graph().outputSingle(Map.of(LayerGraph.INPUT, input), name);
  }

  @Override
  public void close() {
    layers.close();
  }
}
