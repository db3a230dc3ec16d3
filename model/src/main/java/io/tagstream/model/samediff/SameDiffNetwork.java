package io.tagstream.model.samediff;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.autodiff.loss.LossReduce;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.api.OutAndGrad;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.autodiff.samediff.internal.InferenceSession;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A network as a SameDiff graph, NCHW: what serves on CUDA, what gradients come from, and what the
 * directly executed engine is checked against. Parameters keep their ONNX layout.
 *
 * <p>Groups are written as split, one convolution each, concat. Dropout multiplies by a mask that
 * is a placeholder, because SameDiff's own dropout has no derivative.
 *
 * <p>Not thread-safe. Close it: its arrays are outside the heap.
 */
public final class SameDiffNetwork implements AutoCloseable {
  private static final String INPUT = "input";
  private static final String TARGETS = "targets";
  private static final String PROBABILITIES = "probabilities";
  private static final String FEATURES = "features";
  private static final String LOSS = "loss";

  /** Numbers copied at a time. */
  private static final int BLOCK = 1 << 20;

  /** SameDiff's own name for it, which it does not show. */
  private static final String GRADIENT_FUNCTION = "grad";

  private final NetworkDescription network;
  private final DataType precision;
  private final Set<String> trainable;
  private final SameDiff graph;
  private final Map<String, INDArray> arrays = new LinkedHashMap<>();
  private final List<INDArray> constants = new ArrayList<>();

  private final CallMemory memory = new CallMemory();

  /** The mean loss of a batch and its gradient by each trainable parameter, in ONNX layout. */
  public record Gradients(double loss, Map<String, INDArray> byParameter) {}

  private SameDiffNetwork(Weights weights, DataType precision, Set<String> trainable) {
    this.network = weights.network();
    this.precision = precision;
    this.trainable = Set.copyOf(trainable);
    this.graph = SameDiff.create();
    // The default holders copy what they are given; these keep it, so that parameter() is live.
    graph.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
    build(weights);
  }

  /** A graph that only runs forward, in float. */
  public static SameDiffNetwork forServing(Weights weights) {
    return new SameDiffNetwork(weights, DataType.FLOAT, Set.of());
  }

  /**
   * A graph with a loss.
   *
   * @param precision FLOAT to train, DOUBLE to check gradients by finite differences
   * @param trainable names of the parameters to differentiate by; the others stay as they are, and
   *     no gradient is computed below the first of these
   */
  public static SameDiffNetwork forTraining(
      Weights weights, DataType precision, Collection<String> trainable) {
    Set<String> names = Set.copyOf(trainable);
    if (names.isEmpty()) {
      throw new IllegalArgumentException("a training needs a parameter to train");
    }
    return new SameDiffNetwork(weights, precision, names);
  }

  public NetworkDescription network() {
    return network;
  }

  /**
   * Softmax of each input, dropout off.
   *
   * @param input {@code [N][3][S][S]}, already scaled and centred, in the graph's precision
   * @return {@code [N][classes]}; it is the graph's, and good until the next call
   */
  public INDArray probabilities(INDArray input) {
    return output(withoutDropout(input), PROBABILITIES);
  }

  /**
   * Activations of the layer before the last, dropout off.
   *
   * @param input {@code [N][3][S][S]}, already scaled and centred, in the graph's precision
   * @return {@code [N][features]}; it is the graph's, and good until the next call
   */
  public INDArray features(INDArray input) {
    return output(withoutDropout(input), FEATURES);
  }

  /**
   * The batch's mean cross entropy.
   *
   * @param input {@code [N][3][S][S]}
   * @param targets {@code [N][classes]}, each row a distribution: one-hot, or smoothed
   * @param masks by dense layer with dropout, {@code [N][units]}: 0 or 1 / (1 - dropout)
   */
  public double loss(INDArray input, INDArray targets, Map<String, INDArray> masks) {
    return output(placeholders(input, targets, masks), LOSS).getDouble(0);
  }

  /**
   * The batch's mean cross entropy and its gradients.
   *
   * @param input {@code [N][3][S][S]}
   * @param targets {@code [N][classes]}, each row a distribution: one-hot, or smoothed
   * @param masks by dense layer with dropout, {@code [N][units]}: 0 or 1 / (1 - dropout)
   * @return arrays that are the graph's, and good until the next call
   */
  public Gradients gradients(INDArray input, INDArray targets, Map<String, INDArray> masks) {
    beginCall(graph.getFunction(GRADIENT_FUNCTION), input);
    OutAndGrad result =
        graph.calculateGradientsAndOutputs(
            placeholders(input, targets, masks), List.of(LOSS), trainable);
    return new Gradients(
        result.getOutputs().get(LOSS).getDouble(0), Map.copyOf(result.getGradients()));
  }

  private INDArray output(Map<String, INDArray> placeholders, String name) {
    beginCall(graph, placeholders.get(INPUT));
    return graph.outputSingle(placeholders, name);
  }

  /** SameDiff keeps a session, and with it a memory, by thread. */
  private void beginCall(SameDiff called, INDArray input) {
    memory.beginCall(input.size(0));
    called
        .getSessions()
        .computeIfAbsent(Thread.currentThread().getId(), id -> new InferenceSession(called))
        .setMmgr(memory);
  }

  /** The live array of a parameter in ONNX layout: what is written into it is used from then on. */
  public INDArray parameter(String name) {
    INDArray array = arrays.get(name);
    if (array == null) {
      throw new IllegalArgumentException("no parameter named " + name);
    }
    return array;
  }

  /** A copy of all parameters, in float. */
  public Weights weights() {
    Map<String, FloatBuffer> values = new HashMap<>();
    arrays.forEach(
        (name, array) -> {
          FloatBuffer value =
              ByteBuffer.allocateDirect(Math.toIntExact(Float.BYTES * array.length()))
                  .order(ByteOrder.nativeOrder())
                  .asFloatBuffer();
          INDArray flat = array.reshape(array.length());
          for (long at = 0; at < array.length(); at += BLOCK) {
            INDArrayIndex block = NDArrayIndex.interval(at, Math.min(at + BLOCK, array.length()));
            value.put(flat.get(block).toFloatVector());
          }
          values.put(name, value.flip());
        });
    return new Weights(network, values);
  }

  @Override
  public void close() {
    memory.close();
    Stream.concat(arrays.values().stream(), constants.stream())
        .filter(INDArray::closeable)
        .forEach(INDArray::close);
  }

  private void build(Weights weights) {
    Map<String, SDVariable> parameters = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      INDArray value = array(weights.get(parameter.name()), parameter.shape());
      arrays.put(parameter.name(), value);
      parameters.put(
          parameter.name(),
          trainable.contains(parameter.name())
              ? graph.var(parameter.name(), value)
              : graph.constant(parameter.name(), value));
    }

    int side = network.inputSize();
    SDVariable x =
        graph.placeHolder(INPUT, precision, -1, NetworkDescription.INPUT_CHANNELS, side, side);
    for (Convolution layer : network.convolutions()) {
      x = convolution(layer, x, parameters);
    }
    long inputs =
        network.parameters().get(2 * network.convolutions().size()).shape().get(1).longValue();
    x = graph.reshape(x, -1, inputs);
    List<Dense> dense = network.dense();
    for (int i = 0; i < dense.size(); i++) {
      Dense layer = dense.get(i);
      SDVariable sum =
          graph
              .mmul(x, parameters.get(layer.name() + ".weight"), false, true, false)
              .add(parameters.get(layer.name() + ".bias"));
      x = activation(layer.activation(), sum);
      if (i == dense.size() - 2) {
        x = graph.identity(FEATURES, x);
      }
      if (!trainable.isEmpty() && layer.dropout() > 0) {
        x = x.mul(graph.placeHolder(mask(layer), precision, -1, -1));
      }
    }
    graph.nn().softmax(PROBABILITIES, x, 1);
    if (!trainable.isEmpty()) {
      SDVariable targets = graph.placeHolder(TARGETS, precision, -1, network.classes());
      SDVariable weight = constant(Nd4j.scalar(precision, 1));
      graph
          .loss()
          .softmaxCrossEntropy(
              LOSS, targets, x, weight, LossReduce.MEAN_BY_NONZERO_WEIGHT_COUNT, 0);
      graph.setLossVariables(LOSS);
      differentiate();
    }
  }

  /** SameDiff prints a line per op to standard output, where only results belong. */
  private void differentiate() {
    synchronized (SameDiffNetwork.class) {
      PrintStream standardOutput = System.out;
      System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, UTF_8));
      try {
        graph.createGradFunction();
      } finally {
        System.setOut(standardOutput);
      }
    }
  }

  private SDVariable convolution(
      Convolution layer, SDVariable x, Map<String, SDVariable> parameters) {
    // Its backward op takes [kernel][kernel][inputs][channels] only, whatever the config says.
    SDVariable weight = graph.permute(parameters.get(layer.name() + ".weight"), 2, 3, 1, 0);
    SDVariable bias = parameters.get(layer.name() + ".bias");
    Conv2DConfig config = convolutionConfig(layer.kernel(), layer.stride(), layer.padding());
    SDVariable sum;
    if (layer.groups() == 1) {
      sum = graph.cnn().conv2d(x, weight, bias, config);
    } else {
      SDVariable[] inputs = graph.split(x, layer.groups(), 1);
      SDVariable[] weights = graph.split(weight, layer.groups(), 3);
      SDVariable[] biases = graph.split(bias, layer.groups(), 0);
      SDVariable[] sums = new SDVariable[layer.groups()];
      for (int group = 0; group < sums.length; group++) {
        sums[group] = graph.cnn().conv2d(inputs[group], weights[group], biases[group], config);
      }
      sum = graph.concat(1, sums);
    }
    SDVariable y = activation(layer.activation(), sum);
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
   * SameDiff's localResponseNormalization sums over the wrong axis in NCHW and has a wrong
   * gradient; a 1x1 convolution with alpha on a band around the diagonal has neither fault.
   */
  private SDVariable normalization(LocalResponseNormalization lrn, SDVariable x, int channels) {
    int half = lrn.size() / 2;
    INDArray band = Nd4j.zeros(precision, 1, 1, channels, channels);
    for (int i = 0; i < channels; i++) {
      for (int j = Math.max(0, i - half); j <= Math.min(channels - 1, i + half); j++) {
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
      // The op's own padding is the same on both sides.
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

  private Map<String, INDArray> withoutDropout(INDArray input) {
    Map<String, INDArray> placeholders = new HashMap<>();
    placeholders.put(INPUT, input);
    if (!trainable.isEmpty()) {
      INDArray one = Nd4j.ones(precision, 1, 1);
      for (Dense layer : network.dense()) {
        if (layer.dropout() > 0) {
          placeholders.put(mask(layer), one);
        }
      }
    }
    return placeholders;
  }

  private Map<String, INDArray> placeholders(
      INDArray input, INDArray targets, Map<String, INDArray> masks) {
    Map<String, INDArray> placeholders = new HashMap<>();
    placeholders.put(INPUT, input);
    placeholders.put(TARGETS, targets);
    for (Dense layer : network.dense()) {
      if (layer.dropout() > 0) {
        INDArray mask = masks.get(layer.name());
        if (mask == null) {
          throw new IllegalArgumentException("no dropout mask for " + layer.name());
        }
        placeholders.put(mask(layer), mask);
      }
    }
    return placeholders;
  }

  private static String mask(Dense layer) {
    return layer.name() + ".mask";
  }

  private SDVariable constant(INDArray value) {
    constants.add(value);
    return graph.constant(value);
  }

  private INDArray array(FloatBuffer values, List<Integer> shape) {
    long[] dimensions = shape.stream().mapToLong(Integer::longValue).toArray();
    INDArray array = Nd4j.createUninitialized(precision, dimensions);
    INDArray flat = array.reshape(array.length());
    // Block by block, and by the device's own copying, which converts to double too.
    for (long at = 0; at < array.length(); at += BLOCK) {
      float[] block = new float[(int) Math.min(BLOCK, array.length() - at)];
      values.get(block);
      try (INDArray copy = Nd4j.createFromArray(block)) {
        flat.get(NDArrayIndex.interval(at, at + block.length)).assign(copy);
      }
    }
    return array;
  }

  /** An array's numbers on the CPU; whoever uses it holds the array, which this does not. */
  static FloatBuffer floats(INDArray array) {
    return ((FloatPointer) array.data().pointer()).asBuffer();
  }
}
