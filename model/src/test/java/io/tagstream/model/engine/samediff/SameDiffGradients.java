package io.tagstream.model.engine.samediff;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.autodiff.loss.LossReduce;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.api.OutAndGrad;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network as a SameDiff graph with a loss: the reference for the gradients of the training step.
 * Dropout multiplies by a mask that is a placeholder, because SameDiff's own dropout has no
 * derivative.
 *
 * <p>Not thread-safe. Close it to free its arrays, which are outside the heap.
 */
final class SameDiffGradients implements AutoCloseable {
  private static final String TARGETS = "targets";
  private static final String LOSS = "loss";

  /** SameDiff's name for it, which its API does not expose. */
  private static final String GRADIENT_FUNCTION = "grad";

  private final DataType precision;
  private final Set<String> trainable;
  private final LayerGraph layers;

  /** The mean loss of a batch and its gradient by each trainable parameter, in ONNX layout. */
  record Gradients(double loss, Map<String, INDArray> byParameter) {}

  /**
   * Copies the weights.
   *
   * @param precision FLOAT to train, DOUBLE to check gradients by finite differences
   * @param trainable names of the parameters to differentiate by; the others stay as they are, and
   *     no gradient is computed below the first of these
   */
  SameDiffGradients(Weights weights, DataType precision, Collection<String> trainable) {
    this.precision = precision;
    this.trainable = Set.copyOf(trainable);
    layers = new LayerGraph(weights, precision, new Training());
    SameDiff graph = layers.graph();
    SDVariable targets = graph.placeHolder(TARGETS, precision, -1, network().classes());
    SDVariable weight = layers.constant(Nd4j.scalar(precision, 1));
    graph
        .loss()
        .softmaxCrossEntropy(
            LOSS, targets, layers.logits(), weight, LossReduce.MEAN_BY_NONZERO_WEIGHT_COUNT, 0);
    graph.setLossVariables(LOSS);
    differentiate(graph);
  }

  private final class Training implements LayerGraph.Purpose {
    @Override
    public SDVariable parameter(SameDiff graph, String name, INDArray value) {
      return trainable.contains(name) ? graph.var(name, value) : graph.constant(name, value);
    }

    @Override
    public SDVariable after(SameDiff graph, Dense layer, SDVariable activations) {
      return layer.dropout() > 0
          ? activations.mul(graph.placeHolder(mask(layer), precision, -1, -1))
          : activations;
    }
  }

  /** SameDiff prints a line per op to standard output. */
  private static void differentiate(SameDiff graph) {
    PrintStream standardOutput = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, UTF_8));
    try {
      graph.createGradFunction();
    } finally {
      System.setOut(standardOutput);
    }
  }

  NetworkDescription network() {
    return layers.network();
  }

  /**
   * Activations of the layer before the last, dropout off.
   *
   * @param input {@code [N][3][S][S]}, in the graph's precision
   */
  INDArray features(INDArray input) {
    Map<String, INDArray> placeholders = new HashMap<>(Map.of(LayerGraph.INPUT, input));
    INDArray one = Nd4j.ones(precision, 1, 1);
    dropped().forEach(layer -> placeholders.put(mask(layer), one));
    layers.beginCall(layers.graph(), input);
    return layers.graph().outputSingle(placeholders, LayerGraph.FEATURES);
  }

  /**
   * The batch's mean cross entropy.
   *
   * @param input {@code [N][3][S][S]}
   * @param targets {@code [N][classes]}, each row a distribution: one-hot, or smoothed
   * @param masks by dense layer with dropout, {@code [N][units]}: 0 or 1 / (1 - dropout)
   */
  double loss(INDArray input, INDArray targets, Map<String, INDArray> masks) {
    layers.beginCall(layers.graph(), input);
    return layers.graph().outputSingle(placeholders(input, targets, masks), LOSS).getDouble(0);
  }

  /**
   * The batch's mean cross entropy and its gradients.
   *
   * @param input {@code [N][3][S][S]}
   * @param targets {@code [N][classes]}, each row a distribution: one-hot, or smoothed
   * @param masks by dense layer with dropout, {@code [N][units]}: 0 or 1 / (1 - dropout)
   * @return arrays owned by the graph and valid until the next call
   */
  Gradients gradients(INDArray input, INDArray targets, Map<String, INDArray> masks) {
    layers.beginCall(layers.graph().getFunction(GRADIENT_FUNCTION), input);
    OutAndGrad result =
        layers
            .graph()
            .calculateGradientsAndOutputs(
                placeholders(input, targets, masks), List.of(LOSS), trainable);
    return new Gradients(
        result.getOutputs().get(LOSS).getDouble(0), Map.copyOf(result.getGradients()));
  }

  private Map<String, INDArray> placeholders(
      INDArray input, INDArray targets, Map<String, INDArray> masks) {
    Map<String, INDArray> placeholders =
        new HashMap<>(Map.of(LayerGraph.INPUT, input, TARGETS, targets));
    dropped().forEach(layer -> placeholders.put(mask(layer), masks.get(layer.name())));
    return placeholders;
  }

  private List<Dense> dropped() {
    return network().dense().stream().filter(layer -> layer.dropout() > 0).toList();
  }

  private static String mask(Dense layer) {
    return layer.name() + ".mask";
  }

  /** The live array of a parameter in ONNX layout: later calls use what is written into it. */
  INDArray parameter(String name) {
    return layers.parameters().get(name);
  }

  /** A copy of all parameters, in float. */
  Weights weights() {
    Map<String, FloatBuffer> values = new HashMap<>();
    layers
        .parameters()
        .forEach(
            (name, array) ->
                values.put(
                    name,
                    ByteBuffer.allocateDirect(Math.toIntExact(Float.BYTES * array.length()))
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer()
                        .put(floats(array))
                        .flip()));
    return new Weights(network(), values);
  }

  /**
   * A view of a float array on the CPU. It does not keep the array alive: the caller must hold it.
   */
  static FloatBuffer floats(INDArray array) {
    return ((FloatPointer) array.data().pointer()).asBuffer();
  }

  @Override
  public void close() {
    layers.close();
  }
}
