package io.tagstream.model.onnx;

import io.tagstream.model.Throttle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import onnx.Onnx.TensorProto;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A graph's constants, including those that nodes compute from constants, and the remaining nodes.
 */
final class GraphConstants implements AutoCloseable {
  private final Throttle throttle;
  private final Map<String, OnnxTensor> tensors = new HashMap<>();
  private final List<OnnxNode> nodes = new ArrayList<>();

  /**
   * The most numbers in all filled constants: a file without weights may fill all of an AlexNet's.
   */
  private static final long MOST_FILLED = 1L << 26;

  /** Numbers in the constants filled so far. */
  private long filled;

  /** The memory of the computed constants. */
  private final List<FloatPointer> memories = new ArrayList<>();

  private GraphConstants(Throttle throttle) {
    this.throttle = throttle;
  }

  /**
   * Folds the constants of a file.
   *
   * @param throttle paused while integers are converted
   * @throws Mismatch if a node's constant cannot be computed
   */
  static GraphConstants of(OnnxFile file, Throttle throttle) throws IOException, Mismatch {
    GraphConstants constants = new GraphConstants(throttle);
    try {
      constants.fold(file);
      return constants;
    } catch (Throwable e) {
      constants.close();
      throw e;
    }
  }

  /** The constant with this name, or null. */
  OnnxTensor get(String name) {
    return tensors.get(name);
  }

  /** The nodes that do not yield constants, in the file's order. */
  List<OnnxNode> nodes() {
    return Collections.unmodifiableList(nodes);
  }

  /** Frees the computed constants. Constants that are views of the file stay valid. */
  @Override
  public void close() {
    memories.forEach(FloatPointer::close);
  }

  private void fold(OnnxFile file) throws IOException, Mismatch {
    tensors.putAll(file.initializers());
    for (OnnxNode node : file.nodes()) {
      switch (node.type()) {
        case "Constant" -> {
          OnnxTensor value =
              node.tensor("value")
                  .orElseThrow(() -> Mismatch.at(node, "a tensor as attribute value", "none"));
          tensors.put(node.outputs().get(0), value.named(node.outputs().get(0)));
        }
        case "DequantizeLinear" -> {
          if (node.inputs().size() < 2 || node.inputs().size() > 3) {
            throw Mismatch.at(
                node, "2 or 3 inputs (numbers, step, zero)", node.inputs().toString());
          }
          OnnxTensor whole = tensors.get(node.inputs().get(0));
          if (whole == null) {
            nodes.add(node);
          } else {
            tensors.put(node.outputs().get(0), dequantized(node, whole));
          }
        }
        case "ConstantOfShape" -> tensors.put(node.outputs().get(0), filled(node));
        default -> nodes.add(node);
      }
    }
  }

  private OnnxTensor filled(OnnxNode node) throws IOException, Mismatch {
    OnnxTensor shape = node.inputs().isEmpty() ? null : tensors.get(node.inputs().get(0));
    if (shape == null || !shape.isLong()) {
      throw Mismatch.at(node, "a constant shape", "input " + node.inputs());
    }
    Optional<OnnxTensor> value = node.tensor("value");
    int type = value.map(OnnxTensor::type).orElse(TensorProto.DataType.FLOAT.getNumber());
    if (type != TensorProto.DataType.FLOAT.getNumber()) {
      throw Mismatch.at(node, "a FLOAT value", value.orElseThrow().typeName());
    }
    if (value.isPresent() && value.get().data().remaining() != Float.BYTES) {
      throw Mismatch.at(node, "one number as value", value.get().shape().toString());
    }
    float number = value.map(v -> v.floats().get(0)).orElse(0f);
    List<Long> dimensions = shape.longs();
    OnnxTensor.requireShape(dimensions, MOST_FILLED - filled, node.outputs().get(0));
    if (dimensions.contains(0L)) {
      throw Mismatch.at(node, "a shape of some numbers", dimensions.toString());
    }
    FloatPointer memory = memory(dimensions.stream().reduce(1L, (left, right) -> left * right));
    filled += memory.capacity();
    FloatBuffer numbers = memory.asBuffer();
    while (numbers.hasRemaining()) {
      numbers.put(number);
    }
    return new OnnxTensor(node.outputs().get(0), type, dimensions, memory.asByteBuffer());
  }

  private OnnxTensor dequantized(OnnxNode node, OnnxTensor whole) throws IOException, Mismatch {
    boolean isBytes = whole.is(TensorProto.DataType.INT8);
    if (!isBytes && !whole.is(TensorProto.DataType.INT32)) {
      throw Mismatch.at(node, "constants of INT8 or INT32", whole.typeName());
    }
    OnnxTensor steps = tensors.get(node.inputs().get(1));
    int channels = whole.shape().isEmpty() ? 0 : Math.toIntExact(whole.shape().get(0));
    if (channels < 1
        || steps == null
        || !steps.isFloat()
        || steps.data().remaining() != (long) channels * Float.BYTES
        || node.integer("axis", 1) != 0) {
      throw Mismatch.at(
          node, "a constant step for each of the first dimension's " + channels, "other");
    }
    if (node.inputs().size() > 2 && !isZero(tensors.get(node.inputs().get(2)))) {
      throw Mismatch.at(node, "0 as the byte that stands for 0", "other");
    }
    int bytesEach = isBytes ? 1 : Integer.BYTES;
    if (whole.count() == 0
        || whole.data().remaining() != Math.multiplyExact(whole.count(), bytesEach)) {
      throw Mismatch.at(
          node,
          "%d numbers for shape %s".formatted(whole.count(), whole.shape()),
          whole.data().remaining() / bytesEach + " numbers");
    }
    FloatPointer memory = memory(whole.count());
    float[] channelSteps = new float[channels];
    steps.floats().get(channelSteps);
    IntegerWeights.dequantize(
        whole.data().duplicate().order(ByteOrder.LITTLE_ENDIAN),
        bytesEach,
        channelSteps,
        memory.asBuffer(),
        throttle);
    return new OnnxTensor(
        node.outputs().get(0),
        TensorProto.DataType.FLOAT_VALUE,
        whole.shape(),
        memory.asByteBuffer());
  }

  private FloatPointer memory(long numbers) {
    FloatPointer memory = new FloatPointer(numbers);
    memories.add(memory);
    return memory;
  }

  private static boolean isZero(OnnxTensor tensor) {
    ByteBuffer numbers = tensor == null ? ByteBuffer.allocate(0) : tensor.data().duplicate();
    boolean zero = numbers.hasRemaining();
    while (numbers.hasRemaining()) {
      zero &= numbers.get() == 0;
    }
    return zero;
  }
}
