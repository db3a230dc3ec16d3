package io.tagstream.model.engine.samediff;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.autodiff.samediff.internal.InferenceSession;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A network's layers as a SameDiff graph, NCHW, up to the logits. Parameters keep their ONNX
 * layout; a convolution with groups becomes a split, one convolution per group and a concatenation.
 * Precision and purpose are arguments, so that the tests can differentiate the graph that serves.
 *
 * <p>Not thread-safe. Close it to free its arrays, which are outside the heap.
 */
final class LayerGraph implements AutoCloseable {
  /** The placeholder for {@code [N][3][S][S]}, already scaled and centred. */
  static final String INPUT = "input";

  /** The activations of the layer before the last. */
  static final String FEATURES = "features";

  /** Numbers copied at a time. */
  private static final int BLOCK = 1 << 20;

  private final NetworkDescription network;
  private final DataType precision;
  private final SameDiff graph = SameDiff.create();
  private final Map<String, INDArray> parameters = new LinkedHashMap<>();
  private final List<INDArray> constants = new ArrayList<>();
  private final CallMemory memory = new CallMemory();
  private final SDVariable logits;

  /** How a graph treats its parameters and its dense layers' activations: to serve or to train. */
  interface Purpose {
    /** Adds a parameter, as a variable or as a constant. */
    SDVariable parameter(SameDiff graph, String name, INDArray value);

    /** The input of the layer after a dense layer: its activations, or these after dropout. */
    SDVariable after(SameDiff graph, Dense layer, SDVariable activations);
  }

  LayerGraph(Weights weights, DataType precision, Purpose purpose) {
    this.network = weights.network();
    this.precision = precision;
    // The default holders would copy the arrays.
    graph.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
    logits = build(weights, purpose);
  }

  NetworkDescription network() {
    return network;
  }

  SameDiff graph() {
    return graph;
  }

  /** The pre-activations of the last layer, {@code [N][classes]}. */
  SDVariable logits() {
    return logits;
  }

  /** The parameters' live arrays, by name: later calls use what is written into them. */
  Map<String, INDArray> parameters() {
    return parameters;
  }

  /**
   * Begins a call of a graph, which reuses the memory of the last call.
   *
   * @param called this graph or a function of it; SameDiff keeps a session for each, per thread
   */
  void beginCall(SameDiff called, INDArray input) {
    memory.beginCall(input.size(0));
    called
        .getSessions()
        .computeIfAbsent(Thread.currentThread().getId(), id -> new InferenceSession(called))
        .setMmgr(memory);
  }

  @Override
  public void close() {
    memory.close();
    Stream.concat(parameters.values().stream(), constants.stream())
        .filter(INDArray::closeable)
        .forEach(INDArray::close);
  }

  private SDVariable build(Weights weights, Purpose purpose) {
    Map<String, SDVariable> variables = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      INDArray value = array(weights.get(parameter.name()), parameter.shape());
      parameters.put(parameter.name(), value);
      variables.put(parameter.name(), purpose.parameter(graph, parameter.name(), value));
    }
    int side = network.inputSize();
    SDVariable x =
        graph.placeHolder(INPUT, precision, -1, NetworkDescription.INPUT_CHANNELS, side, side);
    for (Convolution layer : network.convolutions()) {
      x = convolution(layer, x, variables);
    }
    long inputs =
        network.parameters().get(2 * network.convolutions().size()).shape().get(1).longValue();
    x = graph.reshape(x, -1, inputs);
    List<Dense> dense = network.dense();
    for (int i = 0; i < dense.size(); i++) {
      Dense layer = dense.get(i);
      SDVariable preActivations =
          graph
              .mmul(x, variables.get(layer.name() + ".weight"), false, true, false)
              .add(variables.get(layer.name() + ".bias"));
      x = activation(layer.activation(), preActivations);
      if (i == dense.size() - 2) {
        x = graph.identity(FEATURES, x);
      }
      x = purpose.after(graph, layer, x);
    }
    return x;
  }

  private SDVariable convolution(
      Convolution layer, SDVariable x, Map<String, SDVariable> variables) {
    // The backward op supports only [kernel][kernel][inputs][channels], whatever the config states.
    SDVariable weight = graph.permute(variables.get(layer.name() + ".weight"), 2, 3, 1, 0);
    SDVariable bias = variables.get(layer.name() + ".bias");
    Conv2DConfig config = convolutionConfig(layer.kernel(), layer.stride(), layer.padding());
    SDVariable preActivations;
    if (layer.groups() == 1) {
      preActivations = graph.cnn().conv2d(x, weight, bias, config);
    } else {
      SDVariable[] inputs = graph.split(x, layer.groups(), 1);
      SDVariable[] weights = graph.split(weight, layer.groups(), 3);
      SDVariable[] biases = graph.split(bias, layer.groups(), 0);
      SDVariable[] groups = new SDVariable[layer.groups()];
      for (int group = 0; group < groups.length; group++) {
        groups[group] = graph.cnn().conv2d(inputs[group], weights[group], biases[group], config);
      }
      preActivations = graph.concat(1, groups);
    }
    SDVariable y = activation(layer.activation(), preActivations);
    if (layer.normalization().isPresent()) {
      y = normalization(layer.normalization().get(), y, layer.channels());
    }
    if (layer.pool().isPresent()) {
      y = pool(layer.pool().get(), y);
    }
    return y;
  }

  private SDVariable activation(Activation activation, SDVariable x) {
    return switch (activation) {
      case RELU -> graph.nn().relu(x, 0);
      case TANH -> graph.math().tanh(x);
      case IDENTITY -> x;
    };
  }

  /**
   * Normalises with a 1x1 convolution that has alpha on a band around the diagonal: SameDiff's
   * localResponseNormalization sums over the wrong axis in NCHW and has a wrong gradient.
   */
  private SDVariable normalization(LocalResponseNormalization lrn, SDVariable x, int channels) {
    int half = lrn.size() / 2;
    int part = channels / lrn.scope().parts();
    INDArray band = Nd4j.zeros(precision, 1, 1, channels, channels);
    for (int i = 0; i < channels; i++) {
      int first = i - i % part;
      for (int j = Math.max(first, i - half); j <= Math.min(first + part - 1, i + half); j++) {
        band.putScalar(new int[] {0, 0, j, i}, lrn.alpha());
      }
    }
    SDVariable k = constant(Nd4j.valueArrayOf(new long[] {channels}, lrn.k(), precision));
    SDVariable s = graph.cnn().conv2d(x.mul(x), constant(band), k, convolutionConfig(1, 1, 0));
    if (lrn.beta() == 0.75) {
      // Two square roots cost a fraction of pow.
      SDVariable root = graph.math().sqrt(s);
      return x.div(root.mul(graph.math().sqrt(root)));
    }
    return x.div(graph.math().pow(s, lrn.beta()));
  }

  private SDVariable pool(MaxPool pool, SDVariable x) {
    SDVariable padded = x;
    if (pool.endPadding() > 0) {
      // The pooling op itself can only pad both sides equally.
      INDArray widths =
          Nd4j.createFromArray(
              new int[][] {{0, 0}, {0, 0}, {0, pool.endPadding()}, {0, pool.endPadding()}});
      padded = graph.nn().pad(x, constant(widths), -Float.MAX_VALUE);
    }
    return graph
        .cnn()
        .maxPooling2d(
            padded,
            Pooling2DConfig.builder()
                .kH(pool.size())
                .kW(pool.size())
                .sH(pool.stride())
                .sW(pool.stride())
                .paddingMode(PaddingMode.VALID)
                .build());
  }

  private static Conv2DConfig convolutionConfig(int kernel, int stride, int padding) {
    return Conv2DConfig.builder()
        .kH(kernel)
        .kW(kernel)
        .sH(stride)
        .sW(stride)
        .pH(padding)
        .pW(padding)
        .paddingMode(PaddingMode.VALID)
        .dataFormat(Conv2DConfig.NCHW)
        .weightsFormat(WeightsFormat.YXIO)
        .build();
  }

  /** Adds a constant of the graph's precision; the graph closes it. */
  SDVariable constant(INDArray value) {
    constants.add(value);
    return graph.constant(value);
  }

  private INDArray array(FloatBuffer values, List<Integer> shape) {
    long[] dimensions = shape.stream().mapToLong(Integer::longValue).toArray();
    INDArray array = Nd4j.createUninitialized(precision, dimensions);
    INDArray flat = array.reshape(array.length());
    // Block by block with assign, which also converts to double.
    for (long at = 0; at < array.length(); at += BLOCK) {
      float[] block = new float[(int) Math.min(BLOCK, array.length() - at)];
      values.get(block);
      try (INDArray copy = Nd4j.createFromArray(block)) {
        flat.get(NDArrayIndex.interval(at, at + block.length)).assign(copy);
      }
    }
    return array;
  }
}
