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
 * An ND4J op with its arguments and arrays bound once, so that running it costs a native call and
 * no lookup (8 us, where {@code Nd4j.exec} of a new op takes twice that and more).
 *
 * <p>The context holds its arrays, which keeps their memory alive. {@code OpContext.close} does
 * nothing in this release: a context's few hundred native bytes go with the garbage collector.
 */
final class Step implements Runnable {
  private final DynamicCustomOp op;
  private final OpContext context;

  private Step(
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

  private Step(
      String name, List<INDArray> inputs, INDArray output, long[] integers, double[] reals) {
    this(name, inputs, List.of(output), integers, reals);
  }

  /**
   * Runs the op; not by ND4J's executioner, which leaves lists and strings on the heap each time.
   */
  @Override
  public void run() {
    NativeOps library = NativeOpsHolder.getInstance().getDeviceNativeOps();
    if (library.execCustomOp2(null, op.opHash(), context.contextPointer()) != 0) {
      throw new IllegalStateException(op.opName() + " failed: " + library.lastErrorMessage());
    }
  }

  /**
   * Sums kernels over positions.
   *
   * @param channelsLast whether input and output are {@code [n][side][side][channels]}; else {@code
   *     [n][channels][side][side]}, of whatever strides
   * @param weights {@code [kernel][kernel][input channels][channels]}
   */
  static Step convolution(
      INDArray input,
      INDArray weights,
      INDArray bias,
      INDArray output,
      int stride,
      int padding,
      boolean channelsLast) {
    long kernel = weights.size(0);
    return new Step(
        "conv2d",
        List.of(input, weights, bias),
        output,
        new long[] {
          kernel, kernel, stride, stride, padding, padding, 1, 1, 0, channelsLast ? 1 : 0, 0
        },
        new double[0]);
  }

  /**
   * Gradients of a {@link #convolution}.
   *
   * @param slopes by its output
   * @param inputSlopes by its input, written
   * @param kernelSlopes by its weights, written
   */
  static Step convolutionGradient(
      INDArray input,
      INDArray weights,
      INDArray slopes,
      INDArray inputSlopes,
      INDArray kernelSlopes,
      int stride,
      int padding,
      boolean channelsLast) {
    long kernel = weights.size(0);
    return new Step(
        "conv2d_bp",
        List.of(input, weights, slopes),
        List.of(inputSlopes, kernelSlopes),
        new long[] {
          kernel, kernel, stride, stride, padding, padding, 1, 1, 0, channelsLast ? 1 : 0, 0
        },
        new double[0]);
  }

  /** The non-linearity, in place; nothing for the identity. */
  static Optional<Step> activation(Activation activation, INDArray array) {
    return switch (activation) {
      case RELU ->
          Optional.of(new Step("relu", List.of(array), array, new long[0], new double[] {0}));
      case TANH -> Optional.of(new Step("tanh", List.of(array), array, new long[0], new double[0]));
      case IDENTITY -> Optional.empty();
    };
  }

  /**
   * Normalises {@code [n][side][side][channels]} across the channels; the op is wrong in place. Its
   * alpha is the paper's.
   */
  static Step normalization(INDArray input, INDArray output, LocalResponseNormalization lrn) {
    int parts = lrn.scope().parts();
    return new Step(
        "lrn",
        List.of(inParts(input, parts)),
        inParts(output, parts),
        new long[] {lrn.size() / 2},
        new double[] {lrn.k(), lrn.alpha(), lrn.beta()});
  }

  /** The same numbers as more positions of fewer channels. */
  private static INDArray inParts(INDArray maps, int parts) {
    return parts == 1
        ? maps
        : maps.reshape(
            'c', true, maps.size(0), maps.size(1), maps.size(2) * parts, maps.size(3) / parts);
  }

  /** The maximum over whole windows of {@code [n][side][side][channels]}. */
  static Step maxPool(INDArray input, INDArray output, int size, int stride) {
    return new Step(
        "maxpool2d",
        List.of(input),
        output,
        new long[] {size, size, stride, stride, 0, 0, 1, 1, 0, 0, 1},
        new double[0]);
  }

  /**
   * The gradient of {@link #maxPool}.
   *
   * @param input what was pooled
   * @param slopes by the output
   */
  static Step maxPoolGradient(
      INDArray input, INDArray slopes, INDArray inputSlopes, int size, int stride) {
    return new Step(
        "maxpool2d_bp",
        List.of(input, slopes),
        inputSlopes,
        new long[] {size, size, stride, stride, 0, 0, 1, 1, 0, 0, 1},
        new double[0]);
  }

  /** Copies {@code [n][side][side][channels]} with rows and columns of a value after the last. */
  static Step padAtEnd(INDArray input, INDArray widths, INDArray output, double value) {
    return new Step("pad", List.of(input, widths), output, new long[] {0}, new double[] {value});
  }

  static Step copy(INDArray input, INDArray output) {
    return new Step("identity", List.of(input), output, new long[0], new double[0]);
  }

  /** The matrix product of {@code [n][inputs]} and {@code [inputs][units]}. */
  static Step product(INDArray input, INDArray weights, INDArray output) {
    return new Step("matmul", List.of(input, weights), output, new long[] {0, 0, 0}, new double[0]);
  }

  /**
   * The matrix product of the transposed {@code [n][rows]} and {@code [n][columns]}.
   *
   * @param add to what is there, instead of replacing it
   */
  static Step productOfTransposed(INDArray left, INDArray right, INDArray output, boolean add) {
    return new Step(
        "matmul",
        List.of(left, right),
        output,
        new long[] {1, 0, 0},
        new double[] {1, add ? 1 : 0});
  }

  /**
   * The matrix product of {@code [inputs][units]} and the transposed {@code [n][units]}. The other
   * way round, {@code [n][inputs]}, it is several times slower.
   */
  static Step productByTransposed(INDArray left, INDArray right, INDArray output) {
    return new Step("matmul", List.of(left, right), output, new long[] {0, 1, 0}, new double[0]);
  }

  /** Adds a number to each column, in place. */
  static Step addBias(INDArray array, INDArray bias) {
    return new Step("biasadd", List.of(array, bias), array, new long[0], new double[0]);
  }

  /** Makes each row positive with sum 1. */
  static Step softmax(INDArray logits, INDArray output) {
    return new Step("softmax", List.of(logits), output, new long[] {1}, new double[0]);
  }
}
