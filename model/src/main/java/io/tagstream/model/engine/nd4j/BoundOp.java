package io.tagstream.model.engine.nd4j;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.LocalResponseNormalization;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * An ND4J op whose arguments and arrays are bound once, so that running it costs one native call
 * and no look-up: 8 us, less than half of what {@code Nd4j.exec} of a new op takes.
 *
 * <p>The context holds its arrays, which keeps their memory alive. {@code OpContext.close} does
 * nothing in this release: the garbage collector frees a context's few hundred native bytes.
 */
final class BoundOp implements Runnable {
  private final DynamicCustomOp op;
  private final OpContext context;

  private BoundOp(
      String name, List<INDArray> inputs, List<INDArray> outputs, long[] integers, double[] reals) {
    op = DynamicCustomOp.builder(name).build();
    context = Nd4j.getExecutioner().buildContext();
    for (int i = 0; i < inputs.size(); i++) {
      context.setInputArray(i, inputs.get(i));
    }
    for (int i = 0; i < outputs.size(); i++) {
      context.setOutputArray(i, outputs.get(i));
    }
    context.setArgs(new INDArray[0], integers, new DataType[0], reals, new boolean[0]);
  }

  private BoundOp(
      String name, List<INDArray> inputs, INDArray output, long[] integers, double[] reals) {
    this(name, inputs, List.of(output), integers, reals);
  }

  /**
   * Runs the op directly: ND4J's executioner would leave lists and strings on the heap each time.
   */
  @Override
  public void run() {
    NativeOps library = NativeOpsHolder.getInstance().getDeviceNativeOps();
    if (library.execCustomOp2(null, op.opHash(), context.contextPointer()) != 0) {
      throw new IllegalStateException(op.opName() + " failed: " + library.lastErrorMessage());
    }
  }

  /**
   * A convolution with its biases.
   *
   * @param channelsLast whether input and output are {@code [n][side][side][channels]}; otherwise
   *     they are {@code [n][channels][side][side]}, with any strides
   * @param weights {@code [kernel][kernel][input channels][channels]}
   */
  static BoundOp convolution(
      INDArray input,
      INDArray weights,
      INDArray bias,
      INDArray output,
      int stride,
      int padding,
      boolean channelsLast) {
    long kernel = weights.size(0);
    return new BoundOp(
        "conv2d",
        List.of(input, weights, bias),
        output,
        new long[] {
          kernel, kernel, stride, stride, padding, padding, 1, 1, 0, channelsLast ? 1 : 0, 0
        },
        new double[0]);
  }

  /**
   * The gradients of a {@link #convolution}.
   *
   * @param outputGradient by its output
   * @param inputGradient written
   * @param kernelGradient written
   */
  static BoundOp convolutionGradient(
      INDArray input,
      INDArray weights,
      INDArray outputGradient,
      INDArray inputGradient,
      INDArray kernelGradient,
      int stride,
      int padding,
      boolean channelsLast) {
    long kernel = weights.size(0);
    return new BoundOp(
        "conv2d_bp",
        List.of(input, weights, outputGradient),
        List.of(inputGradient, kernelGradient),
        new long[] {
          kernel, kernel, stride, stride, padding, padding, 1, 1, 0, channelsLast ? 1 : 0, 0
        },
        new double[0]);
  }

  /** The activation function, in place; empty for the identity. */
  static Optional<BoundOp> activation(Activation activation, INDArray array) {
    return switch (activation) {
      case RELU ->
          Optional.of(new BoundOp("relu", List.of(array), array, new long[0], new double[] {0}));
      case TANH ->
          Optional.of(new BoundOp("tanh", List.of(array), array, new long[0], new double[0]));
      case IDENTITY -> Optional.empty();
    };
  }

  /**
   * Normalises {@code [n][side][side][channels]} across the channels, with the paper's alpha. Input
   * and output must differ: in place the op computes wrong numbers.
   */
  static BoundOp normalization(INDArray input, INDArray output, LocalResponseNormalization lrn) {
    int parts = lrn.scope().parts();
    return new BoundOp(
        "lrn",
        List.of(inParts(input, parts)),
        inParts(output, parts),
        new long[] {lrn.size() / 2},
        new double[] {lrn.k(), lrn.alpha(), lrn.beta()});
  }

  /** The same numbers, viewed as more positions with fewer channels. */
  private static INDArray inParts(INDArray maps, int parts) {
    return parts == 1
        ? maps
        : maps.reshape(
            'c', true, maps.size(0), maps.size(1), maps.size(2) * parts, maps.size(3) / parts);
  }

  /** The maximum over whole windows of {@code [n][side][side][channels]}. */
  static BoundOp maxPool(INDArray input, INDArray output, int size, int stride) {
    return new BoundOp(
        "maxpool2d",
        List.of(input),
        output,
        new long[] {size, size, stride, stride, 0, 0, 1, 1, 0, 0, 1},
        new double[0]);
  }

  /**
   * The gradient of {@link #maxPool}.
   *
   * @param input of the pooling
   */
  static BoundOp maxPoolGradient(
      INDArray input, INDArray outputGradient, INDArray inputGradient, int size, int stride) {
    return new BoundOp(
        "maxpool2d_bp",
        List.of(input, outputGradient),
        inputGradient,
        new long[] {size, size, stride, stride, 0, 0, 1, 1, 0, 0, 1},
        new double[0]);
  }

  /** Copies {@code [n][side][side][channels]} and adds rows and columns of a value at the end. */
  static BoundOp padAtEnd(INDArray input, INDArray widths, INDArray output, double value) {
    return new BoundOp("pad", List.of(input, widths), output, new long[] {0}, new double[] {value});
  }

  static BoundOp copy(INDArray input, INDArray output) {
    return new BoundOp("identity", List.of(input), output, new long[0], new double[0]);
  }

  /** The matrix product of {@code [n][inputs]} and {@code [inputs][units]}. */
  static BoundOp product(INDArray input, INDArray weights, INDArray output) {
    return new BoundOp(
        "matmul", List.of(input, weights), output, new long[] {0, 0, 0}, new double[0]);
  }

  /**
   * The matrix product of the transposed {@code [n][rows]} and {@code [n][columns]}.
   *
   * @param add whether the product is added to the output instead of replacing it
   */
  static BoundOp productOfTransposed(INDArray left, INDArray right, INDArray output, boolean add) {
    return new BoundOp(
        "matmul",
        List.of(left, right),
        output,
        new long[] {1, 0, 0},
        new double[] {1, add ? 1 : 0});
  }

  /**
   * The matrix product of {@code [inputs][units]} and the transposed {@code [n][units]}. The
   * transposed product, {@code [n][inputs]}, takes several times as long.
   */
  static BoundOp productByTransposed(INDArray left, INDArray right, INDArray output) {
    return new BoundOp("matmul", List.of(left, right), output, new long[] {0, 1, 0}, new double[0]);
  }

  /** Adds a number to each column, in place. */
  static BoundOp addBias(INDArray array, INDArray bias) {
    return new BoundOp("biasadd", List.of(array, bias), array, new long[0], new double[0]);
  }

  static BoundOp softmax(INDArray logits, INDArray output) {
    return new BoundOp("softmax", List.of(logits), output, new long[] {1}, new double[0]);
  }
}
