package io.tagstream.model.onnx;

import io.tagstream.model.Throttle;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.LocalResponseNormalization.Scope;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Quantization;
import io.tagstream.model.network.Weights;
import java.io.IOException;
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
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.ValueInfoProto;

/**
 * Recognises an AlexNet in a graph, following it from the image to the softmax: convolutions, each
 * with an activation and optionally normalisation and pooling; a flattening; dense layers, each
 * with an activation and optionally dropout; a softmax. Constants may be initializers, {@code
 * Constant} or {@code ConstantOfShape} nodes, and in our quantized files integers with their
 * scales. Nodes that quantize an activation and dequantize it again are recorded as scales and
 * otherwise skipped.
 */
final class AlexNetGraph {
  private static final String WEIGHT_SUFFIX = ".weight";

  /** The largest side of the input, in pixels. */
  private static final int LARGEST_INPUT = 4096;

  /** The most activations of one layer; the paper's largest layer, conv1, has 290,400. */
  private static final long MOST_ACTIVATIONS = 1 << 26;

  private final OnnxFile file;
  private final GraphConstants constants;

  /** The nodes that remain when the constants are folded. */
  private final List<OnnxNode> chain;

  private final Map<String, FloatBuffer> values = new HashMap<>();
  private final Set<String> used = new HashSet<>();
  private final Map<String, Quantization.Scale> scales = new HashMap<>();

  /** The operators that may follow, for the message if another one does. */
  private final Set<String> expected = new LinkedHashSet<>();

  /** The tensor that the next node must read. */
  private String tensor = "";

  private OnnxNode last = new OnnxNode("", "", List.of(), List.of(), Map.of());
  private int visited;

  private AlexNetGraph(OnnxFile file, GraphConstants constants) {
    this.file = file;
    this.constants = constants;
    this.chain = constants.nodes();
  }

  /**
   * Reads the network and its weights, which are views of the file if they are float32 there.
   *
   * @param throttle paused while integers are converted
   */
  static Weights weights(OnnxFile file, Throttle throttle) throws IOException, Mismatch {
    GraphConstants constants = GraphConstants.of(file, throttle);
    try {
      return new AlexNetGraph(file, constants).walk();
    } catch (Throwable e) {
      constants.close();
      throw e;
    }
  }

  private Weights walk() throws IOException, Mismatch {
    int inputSize = readInput();
    List<Convolution> convolutions = new ArrayList<>();
    int channels = NetworkDescription.INPUT_CHANNELS;
    int side = inputSize;
    for (Optional<OnnxNode> node = accept("Conv"); node.isPresent(); node = accept("Conv")) {
      OnnxNode convolution = node.get();
      Convolution layer = convolution(convolution, channels, convolutions.size() + 1);
      convolutions.add(layer);
      int before = side;
      requireComputable(convolution, layer, before);
      side = checked(convolution, () -> layer.outputSide(before));
      channels = layer.channels();
    }
    if (convolutions.isEmpty()) {
      throw unexpected();
    }
    int units = Math.multiplyExact(channels, Math.multiplyExact(side, side));
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
    readSoftmax();
    NetworkDescription network = new NetworkDescription(inputSize, convolutions, dense);
    Weights weights = new Weights(network, values, constants::close);
    return scales.isEmpty() ? weights : weights.quantized(quantization(network));
  }

  private Quantization quantization(NetworkDescription network) throws Mismatch {
    List<String> activations = OnnxWriter.activations(network);
    if (!scales.keySet().containsAll(activations)) {
      throw new Mismatch(
          "another program quantized it: import the model that it was quantized from, and quantize that");
    }
    scales.keySet().retainAll(activations);
    return new Quantization(scales);
  }

  /** Finds the input, an image; returns its side in pixels. */
  private int readInput() throws Mismatch {
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
        || shape.get(2) > LARGEST_INPUT
        || !shape.get(2).equals(shape.get(3))) {
      throw new Mismatch(
          "expected input %s as float32 [N][3][S][S], found %s (0: open; S is at most %d)"
              .formatted(input.getName(), shape, LARGEST_INPUT));
    }
    tensor = input.getName();
    return Math.toIntExact(shape.get(2));
  }

  /** Refuses layers whose activations would need an unreasonable amount of memory. */
  private static void requireComputable(OnnxNode node, Convolution layer, int inputSide)
      throws Mismatch {
    if (layer.padding() >= layer.kernel()) {
      throw Mismatch.at(
          node, "pads smaller than the kernel's " + layer.kernel(), "pads of " + layer.padding());
    }
    long side = checked(node, () -> layer.convolvedSide(inputSide));
    if (layer.channels() * side * side > MOST_ACTIVATIONS) {
      throw Mismatch.at(
          node,
          "at most %d numbers an image".formatted(MOST_ACTIVATIONS),
          "%d maps of %d x %d".formatted(layer.channels(), side, side));
    }
  }

  private Convolution convolution(OnnxNode node, int inputChannels, int number)
      throws IOException, Mismatch {
    OnnxTensor weight = parameter(node, 1);
    if (weight.shape().size() != 4) {
      throw Mismatch.at(node, "weights of 4 dimensions", weight.shape().toString());
    }
    int channels = Math.toIntExact(weight.shape().get(0));
    int kernel = Math.toIntExact(weight.shape().get(2));
    int groups = node.integer("group", 1);
    requireShape(node, weight, channels, inputChannels / Math.max(1, groups), kernel, kernel);
    String name = layer(node, "conv" + number, weight, channels);
    integers(node, "kernel_shape", kernel, kernel);
    integers(node, "dilations", 1, 1);
    notAutomatic(node);
    int stride = square(node, "strides", 1);
    int padding = square(node, "pads", 0);

    Activation activation = activation();
    Optional<LocalResponseNormalization> normalization = normalization(channels);
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

  /**
   * Reads LRN, alone or between two nodes that reshape halves of the channels to images and back.
   */
  private Optional<LocalResponseNormalization> normalization(int channels)
      throws IOException, Mismatch {
    List<Long> split = List.of();
    if (reader().filter(next -> shape(next).size() == 4).isPresent()) {
      split = shape(accept("Reshape").orElseThrow(this::unexpected));
    }
    Optional<OnnxNode> found = accept("LRN");
    if (found.isEmpty()) {
      if (!split.isEmpty()) {
        throw unexpected();
      }
      return Optional.empty();
    }
    OnnxNode node = found.get();
    Scope scope = split.isEmpty() ? Scope.ALL : Scope.TOWER;
    if (scope == Scope.TOWER) {
      OnnxNode joining = accept("Reshape").orElseThrow(this::unexpected);
      List<Long> whole = List.of(-1L, (long) channels, split.get(2), split.get(3));
      List<Long> half = List.of(-1L, (long) channels / scope.parts(), split.get(2), split.get(3));
      if (!split.equals(half) || !shape(joining).equals(whole)) {
        throw Mismatch.at(
            joining,
            "%s after %s around the normalisation".formatted(whole, half),
            "%s after %s".formatted(shape(joining), split));
      }
    }
    // The defaults are ONNX's.
    LrnAttributes attributes =
        new LrnAttributes(
            node.integer("size", 0),
            node.real("alpha", 1e-4f),
            node.real("beta", 0.75f),
            node.real("bias", 1f));
    return Optional.of(checked(node, () -> attributes.toPaper().in(scope)));
  }

  /** The constant shape of a Reshape node; empty for any other node. */
  private List<Long> shape(OnnxNode node) {
    OnnxTensor shape =
        node.type().equals("Reshape") && node.inputs().size() == 2
            ? constants.get(node.inputs().get(1))
            : null;
    return shape == null || !shape.isLong() ? List.of() : shape.longs();
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
    if (node.integer("ceil_mode", 0) != 0) {
      throw Mismatch.at(node, "ceil_mode 0", "1");
    }
    List<Long> pads = node.ints("pads").orElse(List.of(0L, 0L, 0L, 0L));
    if (pads.size() != 4 || pads.get(0) != 0 || pads.get(1) != 0 || !same(pads.subList(2, 4))) {
      throw Mismatch.at(node, "pads at the end only, equal on both sides", pads.toString());
    }
    int endPadding = Math.toIntExact(pads.get(2));
    return Optional.of(checked(node, () -> new MaxPool(size, stride, endPadding)));
  }

  private void flatten(int units) throws IOException, Mismatch {
    Optional<OnnxNode> flatten = accept("Flatten");
    if (flatten.isPresent()) {
      int axis = flatten.get().integer("axis", 1);
      if (axis != 1) {
        throw Mismatch.at(flatten.get(), "axis 1", "axis " + axis);
      }
      return;
    }
    OnnxNode reshape = accept("Reshape").orElseThrow(this::unexpected);
    List<Long> target = shape(reshape);
    if (target.size() != 2 || (target.get(1) != units && target.get(1) != -1)) {
      throw Mismatch.at(reshape, "a constant shape [N][%d]".formatted(units), target.toString());
    }
  }

  private Dense dense(OnnxNode node, int inputs, int number) throws IOException, Mismatch {
    OnnxTensor weight = parameter(node, 1);
    if (weight.shape().size() != 2) {
      throw Mismatch.at(node, "weights of 2 dimensions", weight.shape().toString());
    }
    if (node.integer("transA", 0) != 0 || node.integer("transB", 0) != 1) {
      throw Mismatch.at(node, "transA 0 and transB 1, weights [units][inputs]", "other");
    }
    if (node.real("alpha", 1) != 1 || node.real("beta", 1) != 1) {
      throw Mismatch.at(node, "alpha 1 and beta 1", "other factors");
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
        : LrnAttributes.decimal(node.real("ratio", 0.5f));
  }

  private void readSoftmax() throws IOException, Mismatch {
    OnnxNode softmax = accept("Softmax").orElseThrow(this::unexpected);
    int axis = softmax.integer("axis", 1);
    if (axis != 1 && axis != -1) {
      throw Mismatch.at(softmax, "axis 1", "axis " + axis);
    }
    if (file.outputs().stream().noneMatch(output -> output.getName().equals(tensor))) {
      throw Mismatch.at(softmax, "the graph's output", "output " + tensor + " that is none");
    }
    if (visited != chain.size()) {
      throw new Mismatch(
          "%d nodes do not lie between the image and the softmax"
              .formatted(chain.size() - visited));
    }
  }

  /** Advances past the next node if it has this type; empty if it has another one. */
  private Optional<OnnxNode> accept(String type) throws Mismatch {
    expected.add(type);
    Optional<OnnxNode> reader = reader();
    while (reader.isPresent() && reader.get().type().equals("QuantizeLinear")) {
      skipRounding(reader.get());
      reader = reader();
    }
    Optional<OnnxNode> node = reader.filter(found -> found.type().equals(type));
    if (node.isPresent()) {
      expected.clear();
      last = node.get();
      advance(last);
    }
    return node;
  }

  /** The one node that reads {@link #tensor}; empty at the graph's end. */
  private Optional<OnnxNode> reader() throws Mismatch {
    List<OnnxNode> readers = chain.stream().filter(node -> node.inputs().contains(tensor)).toList();
    if (readers.size() > 1) {
      throw new Mismatch(
          "expected one node to read %s, found %s"
              .formatted(tensor, readers.stream().map(OnnxNode::title).toList()));
    }
    return readers.stream().findFirst();
  }

  private void advance(OnnxNode node) {
    tensor = node.outputs().get(0);
    visited++;
  }

  /** Records the scale of a quantized activation and advances past both of its nodes. */
  private void skipRounding(OnnxNode quantize) throws Mismatch {
    if (visited > chain.size()) {
      throw new Mismatch("the graph has a cycle at node " + quantize.title());
    }
    advance(quantize);
    OnnxNode dequantize =
        reader()
            .filter(next -> next.type().equals("DequantizeLinear"))
            .orElseThrow(
                () ->
                    new Mismatch(
                        "node %s: expected DequantizeLinear after it".formatted(quantize.title())));
    advance(dequantize);
    int inputs = quantize.inputs().size();
    if (inputs != 3
        || !quantize.inputs().subList(1, inputs).equals(dequantize.inputs().subList(1, inputs))) {
      throw Mismatch.at(
          dequantize,
          "the step and the zero of %s".formatted(quantize.inputs()),
          dequantize.inputs().toString());
    }
    OnnxTensor step = constants.get(dequantize.inputs().get(1));
    OnnxTensor zero = constants.get(dequantize.inputs().get(2));
    if (step == null
        || zero == null
        || !step.isFloat()
        || !zero.is(TensorProto.DataType.UINT8)
        || step.data().remaining() != Float.BYTES
        || zero.data().remaining() != 1) {
      throw Mismatch.at(dequantize, "one constant FLOAT step and UINT8 zero", "other");
    }
    scales.put(
        OnnxWriter.activation(dequantize.outputs().get(0)),
        checked(
            dequantize,
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
        .map(node -> Mismatch.at(node, operators, node.type()))
        .orElseGet(
            () ->
                new Mismatch(
                    "expected %s after %s, found the graph's end"
                        .formatted(operators, last.type().isEmpty() ? "the input" : last.title())));
  }

  private String layer(OnnxNode node, String positional, OnnxTensor weight, int units)
      throws Mismatch {
    OnnxTensor bias = parameter(node, 2);
    requireShape(node, bias, units);
    String name =
        weight.name().endsWith(WEIGHT_SUFFIX)
            ? weight.name().substring(0, weight.name().length() - WEIGHT_SUFFIX.length())
            : positional;
    // This also ends the walk through a graph with a cycle.
    if (!used.add(weight.name()) || values.put(name + WEIGHT_SUFFIX, weight.floats()) != null) {
      throw Mismatch.at(
          node, "weights and a name that no other node has", weight.name() + " again");
    }
    values.put(name + ".bias", bias.floats());
    return name;
  }

  /** A float32 constant among the node's inputs, checked to be complete. */
  private OnnxTensor parameter(OnnxNode node, int input) throws Mismatch {
    if (node.inputs().size() != 3) {
      throw Mismatch.at(node, "3 inputs (data, weight, bias)", node.inputs().toString());
    }
    String name = node.inputs().get(input);
    OnnxTensor constant = constants.get(name);
    if (constant == null) {
      throw Mismatch.at(node, "a constant as input " + name, "none");
    }
    if (!constant.isFloat()) {
      throw Mismatch.at(node, name + " as FLOAT", constant.typeName());
    }
    if (constant.data().remaining() != constant.count() * Float.BYTES) {
      throw Mismatch.at(
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
      throw Mismatch.at(
          node, "%s of shape %s".formatted(constant.name(), wanted), constant.shape().toString());
    }
  }

  private static void integers(OnnxNode node, String attribute, long... wanted)
      throws IOException, Mismatch {
    List<Long> values = Arrays.stream(wanted).boxed().toList();
    List<Long> found = node.ints(attribute).orElse(values);
    if (!found.equals(values)) {
      throw Mismatch.at(node, attribute + " " + values, found.toString());
    }
  }

  /**
   * The value of a list attribute, whose numbers must be equal because windows are square.
   *
   * @param absent the value without the attribute
   */
  private static int square(OnnxNode node, String attribute, int absent)
      throws IOException, Mismatch {
    List<Long> found = node.ints(attribute).orElse(List.of((long) absent));
    if (!same(found)) {
      throw Mismatch.at(node, attribute + " the same on all sides", found.toString());
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
      throw Mismatch.at(node, "explicit pads", "auto_pad " + padding);
    }
  }

  /** Reports sizes that contradict each other as a mismatch of the node. */
  private static <T> T checked(OnnxNode node, Supplier<T> description) throws Mismatch {
    try {
      return description.get();
    } catch (IllegalArgumentException e) {
      throw new Mismatch("node %s: %s".formatted(node.title(), e.getMessage()));
    }
  }
}
