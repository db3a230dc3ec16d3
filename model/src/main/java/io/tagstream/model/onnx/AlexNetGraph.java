package io.tagstream.model.onnx;

import io.tagstream.model.Throttle;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Quantization;
import io.tagstream.model.network.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.ValueInfoProto;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Walks a graph from its image to its softmax and recognises an AlexNet: convolutions, each with an
 * activation and perhaps normalisation and pooling; a flattening; dense layers with an activation
 * and perhaps dropout; a softmax. Constants may be initializers, {@code Constant} or {@code
 * ConstantOfShape} nodes, and those of our own integer files whole numbers with their steps.
 * Activations rounded to bytes are what they were before to the walk.
 */
final class AlexNetGraph {

  /** A graph that is something else; the message names the node or shape that differs. */
  static final class Mismatch extends Exception {
    private static final long serialVersionUID = 1L;

    Mismatch(String message) {
      super(message);
    }
  }

  private static final String WEIGHT_SUFFIX = ".weight";

  private final OnnxFile file;
  private final Throttle throttle;
  private final Map<String, OnnxTensor> constants = new HashMap<>();
  private final List<OnnxNode> chain = new ArrayList<>();
  private final Map<String, FloatBuffer> values = new HashMap<>();
  private final Set<String> used = new HashSet<>();
  private final Map<String, Quantization.Scale> scales = new HashMap<>();

  /** The memory of the numbers that the file holds as whole ones. */
  private final List<FloatPointer> widened = new ArrayList<>();

  /** The operators asked for at the walk's place, for the message when none of them is there. */
  private final Set<String> expected = new LinkedHashSet<>();

  /** The tensor that the walk has come to. */
  private String tensor = "";

  private OnnxNode last = new OnnxNode("", "", List.of(), List.of(), Map.of());
  private int visited;

  /**
   * @param throttle asked for pauses
   */
  AlexNetGraph(OnnxFile file, Throttle throttle) {
    this.file = file;
    this.throttle = throttle;
  }

  /** The network and its weights, which are views of the file where it holds them as they are. */
  Weights weights() throws IOException, Mismatch {
    try {
      return walk();
    } catch (Throwable e) {
      release();
      throw e;
    }
  }

  private void release() {
    widened.forEach(FloatPointer::close);
  }

  private Weights walk() throws IOException, Mismatch {
    foldConstants();
    int inputSize = enter();
    List<Convolution> convolutions = new ArrayList<>();
    int channels = NetworkDescription.INPUT_CHANNELS;
    int side = inputSize;
    for (Optional<OnnxNode> node = accept("Conv"); node.isPresent(); node = accept("Conv")) {
      OnnxNode convolution = node.get();
      Convolution layer = convolution(convolution, channels, convolutions.size() + 1);
      convolutions.add(layer);
      int before = side;
      side = checked(convolution, () -> layer.outputSide(before));
      channels = layer.channels();
    }
    if (convolutions.isEmpty()) {
      throw unexpected();
    }
    int units = channels * side * side;
    flatten(units);
    List<Dense> dense = new ArrayList<>();
    for (Optional<OnnxNode> node = accept("Gemm"); node.isPresent(); node = accept("Gemm")) {
      Dense layer = dense(node.get(), units, convolutions.size() + dense.size() + 1);
      dense.add(layer);
      units = layer.units();
    }
    if (dense.size() < 2) {
      throw unexpected();
    }
    leave();
    NetworkDescription network = new NetworkDescription(inputSize, convolutions, dense);
    Weights weights = new Weights(network, values, this::release);
    return scales.isEmpty() ? weights : weights.quantized(quantization(network));
  }

  private Quantization quantization(NetworkDescription network) throws Mismatch {
    List<String> activations = OnnxWriter.activations(network);
    if (!scales.keySet().containsAll(activations)) {
      throw new Mismatch(
          "another program made it compute with integers: import the model it was made from, and quantize that");
    }
    scales.keySet().retainAll(activations);
    return new Quantization(scales);
  }

  private void foldConstants() throws IOException, Mismatch {
    constants.putAll(file.initializers());
    for (OnnxNode node : file.nodes()) {
      switch (node.type()) {
        case "Constant" -> {
          OnnxTensor value =
              node.tensor("value")
                  .orElseThrow(() -> mismatch(node, "a tensor as attribute value", "none"));
          constants.put(node.outputs().get(0), value.named(node.outputs().get(0)));
        }
        case "DequantizeLinear" -> {
          if (node.inputs().size() < 2 || node.inputs().size() > 3) {
            throw mismatch(node, "2 or 3 inputs (numbers, step, zero)", node.inputs().toString());
          }
          OnnxTensor whole = constants.get(node.inputs().get(0));
          if (whole == null) {
            chain.add(node);
          } else {
            constants.put(node.outputs().get(0), widened(node, whole));
          }
        }
        case "ConstantOfShape" -> constants.put(node.outputs().get(0), filled(node));
        default -> chain.add(node);
      }
    }
  }

  private OnnxTensor filled(OnnxNode node) throws IOException, Mismatch {
    OnnxTensor shape = node.inputs().isEmpty() ? null : constants.get(node.inputs().get(0));
    if (shape == null || !shape.isLong()) {
      throw mismatch(node, "a constant shape", "input " + node.inputs());
    }
    Optional<OnnxTensor> value = node.tensor("value");
    int type = value.map(OnnxTensor::type).orElse(TensorProto.DataType.FLOAT.getNumber());
    if (type != TensorProto.DataType.FLOAT.getNumber()) {
      throw mismatch(node, "a FLOAT value", value.orElseThrow().typeName());
    }
    if (value.isPresent() && value.get().data().remaining() != Float.BYTES) {
      throw mismatch(node, "one number as value", value.get().shape().toString());
    }
    float number = value.map(v -> v.floats().get(0)).orElse(0f);
    List<Long> dimensions = shape.longs();
    long count = dimensions.stream().reduce(1L, Math::multiplyExact);
    ByteBuffer data =
        ByteBuffer.allocateDirect(Math.toIntExact(Math.multiplyExact(count, Float.BYTES)))
            .order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer numbers = data.asFloatBuffer();
    while (numbers.hasRemaining()) {
      numbers.put(number);
    }
    return new OnnxTensor(node.outputs().get(0), type, dimensions, data, false);
  }

  private OnnxTensor widened(OnnxNode node, OnnxTensor whole) throws IOException, Mismatch {
    boolean isBytes = whole.is(TensorProto.DataType.INT8);
    if (!isBytes && !whole.is(TensorProto.DataType.INT32)) {
      throw mismatch(node, "constants of INT8 or INT32", whole.typeName());
    }
    OnnxTensor steps = constants.get(node.inputs().get(1));
    int channels = whole.shape().isEmpty() ? 0 : Math.toIntExact(whole.shape().get(0));
    if (channels < 1
        || steps == null
        || !steps.isFloat()
        || steps.data().remaining() != channels * Float.BYTES
        || integer(node, "axis", 1) != 0) {
      throw mismatch(
          node, "a constant step for each of the first dimension's " + channels, "other");
    }
    if (node.inputs().size() > 2 && !isZero(constants.get(node.inputs().get(2)))) {
      throw mismatch(node, "0 as the byte that stands for 0", "other");
    }
    int bytesEach = isBytes ? 1 : Integer.BYTES;
    if (whole.data().remaining() != Math.multiplyExact(whole.count(), bytesEach)) {
      throw mismatch(
          node,
          "%d numbers for shape %s".formatted(whole.count(), whole.shape()),
          whole.data().remaining() / bytesEach + " numbers");
    }
    FloatPointer memory = new FloatPointer(whole.count());
    widened.add(memory);
    float[] channelSteps = new float[channels];
    steps.floats().get(channelSteps);
    IntegerWeights.widen(
        whole.data().duplicate().order(ByteOrder.LITTLE_ENDIAN),
        bytesEach,
        channelSteps,
        memory.asBuffer(),
        throttle);
    return new OnnxTensor(
        node.outputs().get(0),
        TensorProto.DataType.FLOAT_VALUE,
        whole.shape(),
        memory.asByteBuffer(),
        false);
  }

  private static boolean isZero(OnnxTensor tensor) {
    ByteBuffer numbers = tensor == null ? ByteBuffer.allocate(0) : tensor.data().duplicate();
    boolean zero = numbers.hasRemaining();
    while (numbers.hasRemaining()) {
      zero &= numbers.get() == 0;
    }
    return zero;
  }

  /** Finds the image; returns its side. */
  private int enter() throws Mismatch {
    if (file.inputs().size() != 1) {
      List<String> names = file.inputs().stream().map(ValueInfoProto::getName).toList();
      throw new Mismatch("expected one input, an image, found " + names);
    }
    ValueInfoProto input = file.inputs().get(0);
    List<Long> shape =
        input.getType().getTensorType().getShape().getDimList().stream()
            .map(TensorShapeProto.Dimension::getDimValue)
            .toList();
    if (input.getType().getTensorType().getElemType() != TensorProto.DataType.FLOAT.getNumber()
        || shape.size() != 4
        || shape.get(1) != NetworkDescription.INPUT_CHANNELS
        || shape.get(2) < 1
        || !shape.get(2).equals(shape.get(3))) {
      throw new Mismatch(
          "expected input %s as float32 [N][3][S][S], found %s (0: open)"
              .formatted(input.getName(), shape));
    }
    tensor = input.getName();
    return Math.toIntExact(shape.get(2));
  }

  private Convolution convolution(OnnxNode node, int inputChannels, int number)
      throws IOException, Mismatch {
    OnnxTensor weight = parameter(node, 1);
    if (weight.shape().size() != 4) {
      throw mismatch(node, "weights of 4 dimensions", weight.shape().toString());
    }
    int channels = Math.toIntExact(weight.shape().get(0));
    int kernel = Math.toIntExact(weight.shape().get(2));
    int groups = integer(node, "group", 1);
    requireShape(node, weight, channels, inputChannels / Math.max(1, groups), kernel, kernel);
    String name = layer(node, "conv" + number, weight, channels);
    integers(node, "kernel_shape", kernel, kernel);
    integers(node, "dilations", 1, 1);
    notAutomatic(node);
    int stride = square(node, "strides", 1);
    int padding = square(node, "pads", 0);

    Activation activation = activation();
    Optional<LocalResponseNormalization> normalization = normalization();
    Optional<MaxPool> pool = pool();
    return checked(
        node,
        () ->
            new Convolution(
                name, channels, kernel, stride, padding, groups, activation, normalization, pool));
  }

  private Activation activation() throws Mismatch {
    if (accept("Relu").isPresent()) {
      return Activation.RELU;
    }
    return accept("Tanh").isPresent() ? Activation.TANH : Activation.IDENTITY;
  }

  private Optional<LocalResponseNormalization> normalization() throws IOException, Mismatch {
    Optional<OnnxNode> found = accept("LRN");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    OnnxNode node = found.get();
    // The defaults are ONNX's.
    LrnAttributes attributes =
        new LrnAttributes(
            integer(node, "size", 0),
            real(node, "alpha", 1e-4f),
            real(node, "beta", 0.75f),
            real(node, "bias", 1f));
    return Optional.of(checked(node, attributes::toPaper));
  }

  private Optional<MaxPool> pool() throws IOException, Mismatch {
    Optional<OnnxNode> found = accept("MaxPool");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    OnnxNode node = found.get();
    int size = square(node, "kernel_shape", 0);
    int stride = square(node, "strides", 1);
    integers(node, "dilations", 1, 1);
    notAutomatic(node);
    if (integer(node, "ceil_mode", 0) != 0) {
      throw mismatch(node, "ceil_mode 0", "1");
    }
    List<Long> pads = ints(node, "pads").orElse(List.of(0L, 0L, 0L, 0L));
    if (pads.size() != 4 || pads.get(0) != 0 || pads.get(1) != 0 || !same(pads.subList(2, 4))) {
      throw mismatch(node, "pads at the end only, equal on both sides", pads.toString());
    }
    int endPadding = Math.toIntExact(pads.get(2));
    return Optional.of(checked(node, () -> new MaxPool(size, stride, endPadding)));
  }

  private void flatten(int units) throws IOException, Mismatch {
    Optional<OnnxNode> flatten = accept("Flatten");
    if (flatten.isPresent()) {
      if (integer(flatten.get(), "axis", 1) != 1) {
        throw mismatch(flatten.get(), "axis 1", "axis " + integer(flatten.get(), "axis", 1));
      }
      return;
    }
    OnnxNode reshape = accept("Reshape").orElseThrow(this::unexpected);
    OnnxTensor shape = reshape.inputs().size() < 2 ? null : constants.get(reshape.inputs().get(1));
    List<Long> target = shape == null || !shape.isLong() ? List.of() : shape.longs();
    if (target.size() != 2 || (target.get(1) != units && target.get(1) != -1)) {
      throw mismatch(reshape, "a constant shape [N][%d]".formatted(units), target.toString());
    }
  }

  private Dense dense(OnnxNode node, int inputs, int number) throws IOException, Mismatch {
    OnnxTensor weight = parameter(node, 1);
    if (weight.shape().size() != 2) {
      throw mismatch(node, "weights of 2 dimensions", weight.shape().toString());
    }
    if (integer(node, "transA", 0) != 0 || integer(node, "transB", 0) != 1) {
      throw mismatch(node, "transA 0 and transB 1, weights [units][inputs]", "other");
    }
    if (real(node, "alpha", 1) != 1 || real(node, "beta", 1) != 1) {
      throw mismatch(node, "alpha 1 and beta 1", "other factors");
    }
    int units = Math.toIntExact(weight.shape().get(0));
    requireShape(node, weight, units, inputs);
    String name = layer(node, "fc" + number, weight, units);
    Activation activation = activation();
    double dropout = dropout(name);
    return checked(node, () -> new Dense(name, units, activation, dropout));
  }

  private double dropout(String layer) throws IOException, Mismatch {
    Optional<OnnxNode> found = accept("Dropout");
    if (found.isEmpty()) {
      String ours = file.metadata().getOrDefault(OnnxWriter.DROPOUT_KEY + layer, "0");
      try {
        return Double.parseDouble(ours);
      } catch (NumberFormatException e) {
        throw new Mismatch(
            "metadata dropout.%s: expected a number, found %s".formatted(layer, ours));
      }
    }
    OnnxNode node = found.get();
    // From operator set 12 on the ratio is an input; before, an attribute.
    OnnxTensor ratio = node.inputs().size() < 2 ? null : constants.get(node.inputs().get(1));
    return ratio != null && ratio.isFloat() && ratio.count() == 1
        ? LrnAttributes.decimal(ratio.floats().get(0))
        : LrnAttributes.decimal(real(node, "ratio", 0.5f));
  }

  private void leave() throws IOException, Mismatch {
    OnnxNode softmax = accept("Softmax").orElseThrow(this::unexpected);
    int axis = integer(softmax, "axis", 1);
    if (axis != 1 && axis != -1) {
      throw mismatch(softmax, "axis 1", "axis " + axis);
    }
    if (file.outputs().stream().noneMatch(output -> output.getName().equals(tensor))) {
      throw mismatch(softmax, "the graph's output", "output " + tensor + " that is none");
    }
    if (visited != chain.size()) {
      throw new Mismatch(
          "%d nodes do not lie between the image and the softmax"
              .formatted(chain.size() - visited));
    }
  }

  /** Goes over the node at the walk's place when it is of that type. */
  private Optional<OnnxNode> accept(String type) throws Mismatch {
    expected.add(type);
    Optional<OnnxNode> reader = reader();
    while (reader.isPresent() && reader.get().type().equals("QuantizeLinear")) {
      goOverRounding(reader.get());
      reader = reader();
    }
    Optional<OnnxNode> node = reader.filter(found -> found.type().equals(type));
    if (node.isPresent()) {
      expected.clear();
      last = node.get();
      goOver(last);
    }
    return node;
  }

  /** The one node that reads the tensor at the walk's place; none at the graph's end. */
  private Optional<OnnxNode> reader() throws Mismatch {
    List<OnnxNode> readers = chain.stream().filter(node -> node.inputs().contains(tensor)).toList();
    if (readers.size() > 1) {
      throw new Mismatch(
          "expected one node to read %s, found %s"
              .formatted(tensor, readers.stream().map(AlexNetGraph::title).toList()));
    }
    return readers.stream().findFirst();
  }

  private void goOver(OnnxNode node) {
    tensor = node.outputs().get(0);
    visited++;
  }

  /** Goes over a node that writes an activation as bytes and the one that reads it from them. */
  private void goOverRounding(OnnxNode rounding) throws Mismatch {
    goOver(rounding);
    OnnxNode widening =
        reader()
            .filter(next -> next.type().equals("DequantizeLinear"))
            .orElseThrow(
                () ->
                    new Mismatch(
                        "node %s: expected DequantizeLinear after it".formatted(title(rounding))));
    goOver(widening);
    int inputs = rounding.inputs().size();
    if (inputs != 3
        || !rounding.inputs().subList(1, inputs).equals(widening.inputs().subList(1, inputs))) {
      throw mismatch(
          widening,
          "the step and the zero of %s".formatted(rounding.inputs()),
          widening.inputs().toString());
    }
    OnnxTensor step = constants.get(widening.inputs().get(1));
    OnnxTensor zero = constants.get(widening.inputs().get(2));
    if (step == null
        || zero == null
        || !step.isFloat()
        || !zero.is(TensorProto.DataType.UINT8)
        || step.data().remaining() != Float.BYTES
        || zero.data().remaining() != 1) {
      throw mismatch(widening, "one constant FLOAT step and UINT8 zero", "other");
    }
    scales.put(
        OnnxWriter.activation(widening.outputs().get(0)),
        checked(
            widening,
            () ->
                new Quantization.Scale(
                    step.floats().get(0), Byte.toUnsignedInt(zero.data().duplicate().get()))));
  }

  private Mismatch unexpected() {
    String operators =
        expected.stream()
            .sorted()
            .collect(Collectors.joining(", "))
            .replaceAll(", (?=[^,]*$)", " or ");
    return chain.stream()
        .filter(node -> node.inputs().contains(tensor))
        .findFirst()
        .map(node -> mismatch(node, operators, node.type()))
        .orElseGet(
            () ->
                new Mismatch(
                    "expected %s after %s, found the graph's end"
                        .formatted(operators, last.type().isEmpty() ? "the input" : title(last))));
  }

  private String layer(OnnxNode node, String positional, OnnxTensor weight, int units)
      throws Mismatch {
    OnnxTensor bias = parameter(node, 2);
    requireShape(node, bias, units);
    String name =
        weight.name().endsWith(WEIGHT_SUFFIX)
            ? weight.name().substring(0, weight.name().length() - WEIGHT_SUFFIX.length())
            : positional;
    // This also ends the walk through a graph that goes in circles.
    if (!used.add(weight.name()) || values.put(name + WEIGHT_SUFFIX, weight.floats()) != null) {
      throw mismatch(node, "weights and a name of its own", weight.name() + " again");
    }
    values.put(name + ".bias", bias.floats());
    return name;
  }

  /** A float32 constant among the node's inputs, with all its numbers there. */
  private OnnxTensor parameter(OnnxNode node, int input) throws Mismatch {
    if (node.inputs().size() != 3) {
      throw mismatch(node, "3 inputs (data, weight, bias)", node.inputs().toString());
    }
    String name = node.inputs().get(input);
    OnnxTensor constant = constants.get(name);
    if (constant == null) {
      throw mismatch(node, "a constant as input " + name, "none");
    }
    if (constant.external()) {
      throw mismatch(
          node, "the numbers of " + name + " inside the file", "external data in another file");
    }
    if (!constant.isFloat()) {
      throw mismatch(node, name + " as FLOAT", constant.typeName());
    }
    if (constant.data().remaining() != constant.count() * Float.BYTES) {
      throw mismatch(
          node,
          "%d numbers for %s of shape %s".formatted(constant.count(), name, constant.shape()),
          constant.data().remaining() / Float.BYTES + " numbers");
    }
    return constant;
  }

  private static void requireShape(OnnxNode node, OnnxTensor constant, long... shape)
      throws Mismatch {
    List<Long> wanted = Arrays.stream(shape).boxed().toList();
    if (!constant.shape().equals(wanted)) {
      throw mismatch(
          node, "%s of shape %s".formatted(constant.name(), wanted), constant.shape().toString());
    }
  }

  private static void integers(OnnxNode node, String attribute, long... wanted)
      throws IOException, Mismatch {
    List<Long> values = Arrays.stream(wanted).boxed().toList();
    List<Long> found = ints(node, attribute).orElse(values);
    if (!found.equals(values)) {
      throw mismatch(node, attribute + " " + values, found.toString());
    }
  }

  /** A list attribute whose numbers must all be the same, since windows are square. */
  private static int square(OnnxNode node, String attribute, int absent)
      throws IOException, Mismatch {
    List<Long> found = ints(node, attribute).orElse(List.of((long) absent));
    if (!same(found)) {
      throw mismatch(node, attribute + " the same on all sides", found.toString());
    }
    return Math.toIntExact(found.get(0));
  }

  private static boolean same(List<Long> numbers) {
    return !numbers.isEmpty() && numbers.stream().distinct().count() == 1;
  }

  private static void notAutomatic(OnnxNode node) throws IOException, Mismatch {
    String padding =
        node.attribute("auto_pad").map(found -> found.getS().toStringUtf8()).orElse("NOTSET");
    if (!padding.equals("NOTSET")) {
      throw mismatch(node, "explicit pads", "auto_pad " + padding);
    }
  }

  private static Optional<List<Long>> ints(OnnxNode node, String attribute) throws IOException {
    return node.attribute(attribute).map(AttributeProto::getIntsList);
  }

  private static int integer(OnnxNode node, String attribute, int absent) throws IOException {
    return node.attribute(attribute).map(found -> Math.toIntExact(found.getI())).orElse(absent);
  }

  private static float real(OnnxNode node, String attribute, float absent) throws IOException {
    return node.attribute(attribute).map(AttributeProto::getF).orElse(absent);
  }

  /** Sizes that contradict each other are the node's fault, not the caller's. */
  private static <T> T checked(OnnxNode node, Supplier<T> description) throws Mismatch {
    try {
      return description.get();
    } catch (IllegalArgumentException e) {
      throw new Mismatch("node %s: %s".formatted(title(node), e.getMessage()));
    }
  }

  private static Mismatch mismatch(OnnxNode node, String expected, String found) {
    return new Mismatch("node %s: expected %s, found %s".formatted(title(node), expected, found));
  }

  private static String title(OnnxNode node) {
    String name = node.name().isEmpty() ? "without a name" : node.name();
    return "%s (%s)".formatted(name, node.type());
  }
}
