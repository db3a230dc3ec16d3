package io.tagstream.model.onnx;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Quantization;
import io.tagstream.model.network.Weights;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.CodedOutputStream;
import org.nd4j.shade.protobuf.WireFormat;

/**
 * Writes a network and its weights as an ONNX file: operator set 12, IR version 7, standard
 * operators only, all weights as float32 initializers inside the file.
 *
 * <p>Weights with a {@link Quantization} are written for computation with integers, in operator set
 * 13: weights as int8 with a scale for each output channel, biases as int32, and activations
 * rounded to uint8 before and after each layer, by pairs of {@code QuantizeLinear} and {@code
 * DequantizeLinear} that engines fuse with the layers between them.
 *
 * <p>Input {@code image} {@code [N][3][S][S]}, already preprocessed; outputs {@code probabilities}
 * {@code [N][classes]} and {@code features} {@code [N][units]}, the layer before the last after its
 * activation. Dropout has no node, because serving does not use it; the file's metadata hold its
 * probabilities as {@code dropout.LAYER}, so that the whole description can be read back from the
 * file. The same network and weights always produce the same bytes.
 */
public final class OnnxWriter {
  /** The producer that the file names. */
  public static final String PRODUCER = "tagstream";

  static final String INPUT = "image";
  static final String PROBABILITIES = "probabilities";
  static final String FEATURES = "features";
  static final String DROPOUT_KEY = "dropout.";
  private static final String ROUNDED_INPUT = INPUT + ".rounded";

  private static final int IR_VERSION = 7;
  private static final int OPERATOR_SET = 12;

  /** The first operator set in which weights can have a scale for each channel. */
  private static final int QUANTIZED_OPERATOR_SET = 13;

  private static final int CHUNK_FLOATS = 1 << 16;

  private final NetworkDescription network;
  private final Weights weights;
  private final Optional<Quantization> quantization;

  /** The scales of the tensors that are rounded to bytes, by the tensor's name after rounding. */
  private final Map<String, Quantization.Scale> scales = new HashMap<>();

  /** The side of each convolution's maps before pooling, in pixels, by the layer's name. */
  private final Map<String, Integer> sides = new HashMap<>();

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("tagstream");
  private final List<Initializer> initializers = new ArrayList<>();

  private OnnxWriter(Weights weights) {
    this.weights = weights;
    network = weights.network();
    quantization = weights.quantization();
    Iterator<Integer> inputSides = network.sides().iterator();
    network
        .convolutions()
        .forEach(layer -> sides.put(layer.name(), layer.convolvedSide(inputSides.next())));
  }

  /**
   * Writes the file in chunks, so that 240 MB of weights need no more heap than a few of the
   * paper's feature maps.
   *
   * @param out not closed
   */
  public static void write(Weights weights, OutputStream out) throws IOException {
    OnnxWriter writer = new OnnxWriter(weights);
    byte[] graph = writer.graph().toByteArray();
    long graphBytes = graph.length;
    for (Initializer initializer : writer.initializers) {
      graphBytes += initializer.fieldBytes();
    }

    CodedOutputStream file = CodedOutputStream.newInstance(out);
    writer.model().writeTo(file);
    file.writeTag(ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    file.writeUInt32NoTag(Math.toIntExact(graphBytes));
    file.writeRawBytes(graph);
    for (Initializer initializer : writer.initializers) {
      initializer.writeTo(file);
    }
    file.flush();
  }

  /** The names of the tensors for which a quantization must have a scale, in the graph's order. */
  public static List<String> activations(NetworkDescription network) {
    List<String> names = new ArrayList<>(List.of(INPUT));
    for (Convolution layer : network.convolutions()) {
      names.add(activated(layer));
      if (layer.normalization().isPresent()) {
        names.add(layer.pool().isPresent() ? pooled(layer) : normalized(layer));
      }
    }
    for (int i = 0; i < network.dense().size() - 1; i++) {
      names.add(output(network, i));
    }
    return List.copyOf(names);
  }

  /** The name in {@link #activations} of a tensor whose name after rounding is {@code tensor}. */
  static String activation(String tensor) {
    return tensor.equals(ROUNDED_INPUT) ? INPUT : tensor;
  }

  private static String activated(Convolution layer) {
    return layer.name() + ".act";
  }

  private static String normalized(Convolution layer) {
    return layer.name() + ".lrn";
  }

  private static String pooled(Convolution layer) {
    return layer.name() + ".pool";
  }

  private static String output(NetworkDescription network, int dense) {
    return dense == network.dense().size() - 2
        ? FEATURES
        : network.dense().get(dense).name() + ".out";
  }

  private static void writeLittleEndian(FloatBuffer values, CodedOutputStream file)
      throws IOException {
    byte[] bytes = new byte[Math.min(CHUNK_FLOATS, values.remaining()) * Float.BYTES];
    FloatBuffer chunk = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    while (values.hasRemaining()) {
      int count = Math.min(chunk.capacity(), values.remaining());
      chunk.put(0, values, values.position(), count);
      values.position(values.position() + count);
      file.writeRawBytes(bytes, 0, count * Float.BYTES);
    }
  }

  /** An initializer whose numbers are written separately, as the last field of its message. */
  private record Initializer(TensorProto fields, int dataBytes, Numbers numbers) {

    /** Writes {@code dataBytes} bytes. */
    interface Numbers {
      void writeTo(CodedOutputStream file) throws IOException;
    }

    int messageBytes() {
      return fields.getSerializedSize()
          + CodedOutputStream.computeTagSize(TensorProto.RAW_DATA_FIELD_NUMBER)
          + CodedOutputStream.computeUInt32SizeNoTag(dataBytes)
          + dataBytes;
    }

    long fieldBytes() {
      return (long) CodedOutputStream.computeTagSize(GraphProto.INITIALIZER_FIELD_NUMBER)
          + CodedOutputStream.computeUInt32SizeNoTag(messageBytes())
          + messageBytes();
    }

    void writeTo(CodedOutputStream file) throws IOException {
      file.writeTag(GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      file.writeUInt32NoTag(messageBytes());
      fields.writeTo(file);
      file.writeTag(TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      file.writeUInt32NoTag(dataBytes);
      numbers.writeTo(file);
    }
  }

  private ModelProto model() {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName(PRODUCER)
            .addOpsetImport(
                OperatorSetIdProto.newBuilder()
                    .setVersion(quantization.isEmpty() ? OPERATOR_SET : QUANTIZED_OPERATOR_SET));
    for (Dense layer : network.dense()) {
      if (layer.dropout() > 0) {
        model.addMetadataProps(
            StringStringEntryProto.newBuilder()
                .setKey(DROPOUT_KEY + layer.name())
                .setValue(Double.toString(layer.dropout())));
      }
    }
    return model.build();
  }

  private GraphProto graph() {
    graph.addInput(
        value(INPUT, NetworkDescription.INPUT_CHANNELS, network.inputSize(), network.inputSize()));
    graph.addOutput(value(PROBABILITIES, network.classes()));
    graph.addOutput(value(FEATURES, network.features()));

    String tensor = INPUT;
    if (quantization.isPresent()) {
      scales.putAll(quantization.get().activations());
      // The graph's input must keep its name; tensors between nodes are renamed before rounding.
      tensor = addRounding(INPUT, ROUNDED_INPUT, scales.get(INPUT));
      scales.put(tensor, scales.remove(INPUT));
    }
    for (Convolution layer : network.convolutions()) {
      tensor = add(layer, tensor);
    }
    keepScale(tensor, "flatten");
    tensor = add("flatten", "Flatten", List.of(tensor), "flatten", integer("axis", 1));
    for (int i = 0; i < network.dense().size(); i++) {
      Dense layer = network.dense().get(i);
      tensor =
          addLayer(
              layer.name(),
              "Gemm",
              layer.activation(),
              tensor,
              output(network, i),
              integer("transB", 1));
    }
    add("softmax", "Softmax", List.of(tensor), PROBABILITIES, integer("axis", 1));
    return graph.build();
  }

  private String add(Convolution layer, String input) {
    String name = layer.name();
    String tensor =
        addLayer(
            name,
            "Conv",
            layer.activation(),
            input,
            activated(layer),
            integers("kernel_shape", layer.kernel(), layer.kernel()),
            integers("strides", layer.stride(), layer.stride()),
            integers("pads", layer.padding(), layer.padding(), layer.padding(), layer.padding()),
            integer("group", layer.groups()));
    if (layer.normalization().isPresent()) {
      tensor = addNormalization(layer, layer.normalization().get(), tensor);
    }
    if (layer.pool().isPresent()) {
      MaxPool pool = layer.pool().get();
      keepScale(tensor, pooled(layer));
      tensor =
          add(
              name + ".pool",
              "MaxPool",
              List.of(tensor),
              pooled(layer),
              integers("kernel_shape", pool.size(), pool.size()),
              integers("strides", pool.stride(), pool.stride()),
              integers("pads", 0, 0, pool.endPadding(), pool.endPadding()));
    }
    return tensor;
  }

  /**
   * Adds LRN. ONNX's node sums over all channels. Parts of the channels that are normalised
   * separately are therefore reshaped to images of fewer channels before it, and back after it; in
   * NCHW this moves no numbers.
   */
  private String addNormalization(Convolution layer, LocalResponseNormalization lrn, String input) {
    int parts = lrn.scope().parts();
    if (parts == 1) {
      return addNormalization(layer.name() + ".lrn", lrn, input, normalized(layer));
    }
    String split = addReshape(layer.name() + ".lrn.split", input, layer.channels() / parts, layer);
    String each = layer.name() + ".lrn.parts";
    addNormalization(each, lrn, split, each);
    return addReshape(normalized(layer), each, layer.channels(), layer);
  }

  private String addNormalization(
      String name, LocalResponseNormalization lrn, String input, String output) {
    LrnAttributes attributes = LrnAttributes.of(lrn);
    return add(
        name,
        "LRN",
        List.of(input),
        output,
        integer("size", attributes.size()),
        real("alpha", attributes.alpha()),
        real("beta", attributes.beta()),
        real("bias", attributes.bias()));
  }

  private String addReshape(String output, String input, int channels, Convolution layer) {
    int side = sides.get(layer.name());
    String shape = output + ".shape";
    graph.addInitializer(
        tensor(shape, TensorProto.DataType.INT64, List.of(4))
            .addAllInt64Data(List.of(-1L, (long) channels, (long) side, (long) side)));
    return add(output, "Reshape", List.of(input, shape), output);
  }

  /** Adds a layer and its activation. */
  private String addLayer(
      String name,
      String type,
      Activation activation,
      String input,
      String output,
      AttributeProto... attributes) {
    List<String> inputs = new ArrayList<>(List.of(input));
    if (scales.containsKey(input)) {
      inputs.addAll(addIntegerWeights(name, scales.get(input)));
    } else {
      inputs.addAll(addWeights(name));
    }
    if (activation == Activation.IDENTITY) {
      return add(name, type, inputs, output, attributes);
    }
    String sum = add(name, type, inputs, name + ".sum", attributes);
    String operator = activation == Activation.RELU ? "Relu" : "Tanh";
    return add(name + "." + operator.toLowerCase(Locale.ROOT), operator, List.of(sum), output);
  }

  private List<String> addWeights(String layer) {
    List<String> names = new ArrayList<>();
    for (Parameter parameter : parameters(layer)) {
      FloatBuffer numbers = weights.get(parameter.name());
      initializers.add(
          new Initializer(
              tensor(parameter.name(), TensorProto.DataType.FLOAT, parameter.shape()).build(),
              Math.multiplyExact(numbers.remaining(), Float.BYTES),
              file -> writeLittleEndian(numbers, file)));
      names.add(parameter.name());
    }
    return names;
  }

  /** Adds integer weights and biases, each with a node that dequantizes them. */
  private List<String> addIntegerWeights(String layer, Quantization.Scale input) {
    Parameter weight = parameters(layer).get(0);
    Parameter bias = parameters(layer).get(1);
    IntegerWeights whole =
        new IntegerWeights(weights.get(weight.name()), weights.get(bias.name()), input.step());
    float[] steps = whole.steps();

    initializers.add(
        new Initializer(
            tensor(weight.name() + ".int8", TensorProto.DataType.INT8, weight.shape()).build(),
            whole.count(),
            whole::writeTo));
    addFloats(weight.name() + ".steps", bias.shape(), steps);
    graph.addInitializer(
        tensor(weight.name() + ".zeros", TensorProto.DataType.INT8, bias.shape())
            .addAllInt32Data(Collections.nCopies(steps.length, 0)));
    addNode(
        weight.name() + ".widen",
        "DequantizeLinear",
        List.of(weight.name() + ".int8", weight.name() + ".steps", weight.name() + ".zeros"),
        weight.name(),
        integer("axis", 0));

    TensorProto.Builder biases =
        tensor(bias.name() + ".int32", TensorProto.DataType.INT32, bias.shape());
    for (int number : whole.biases()) {
      biases.addInt32Data(number);
    }
    graph.addInitializer(biases);
    for (int i = 0; i < steps.length; i++) {
      steps[i] *= input.step();
    }
    addFloats(bias.name() + ".steps", bias.shape(), steps);
    addNode(
        bias.name() + ".widen",
        "DequantizeLinear",
        List.of(bias.name() + ".int32", bias.name() + ".steps"),
        bias.name(),
        integer("axis", 0));
    return List.of(weight.name(), bias.name());
  }

  /** The weights and biases of a layer. */
  private List<Parameter> parameters(String layer) {
    return network.parameters().stream()
        .filter(parameter -> parameter.layer().equals(layer))
        .toList();
  }

  /** Gives the output of an operator that only selects or moves numbers the scale of its input. */
  private void keepScale(String input, String output) {
    if (scales.containsKey(input)) {
      scales.putIfAbsent(output, scales.get(input));
    }
  }

  /** Adds a node, and rounding of its output if that has a scale. */
  private String add(
      String name, String type, List<String> inputs, String output, AttributeProto... attributes) {
    if (!scales.containsKey(output)) {
      return addNode(name, type, inputs, output, attributes);
    }
    String exact = addNode(name, type, inputs, output + ".exact", attributes);
    return addRounding(exact, output, scales.get(output));
  }

  /** Adds nodes that round to the nearest number that a byte can represent. */
  private String addRounding(String input, String output, Quantization.Scale scale) {
    addFloats(output + ".step", List.of(), scale.step());
    graph.addInitializer(
        tensor(output + ".zero", TensorProto.DataType.UINT8, List.of()).addInt32Data(scale.zero()));
    String bytes = output + ".uint8";
    String step = output + ".step";
    String zero = output + ".zero";
    addNode(output + ".round", "QuantizeLinear", List.of(input, step, zero), bytes);
    return addNode(output + ".widen", "DequantizeLinear", List.of(bytes, step, zero), output);
  }

  private String addNode(
      String name, String type, List<String> inputs, String output, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setName(name)
            .setOpType(type)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
    return output;
  }

  private void addFloats(String name, List<Integer> shape, float... numbers) {
    TensorProto.Builder tensor = tensor(name, TensorProto.DataType.FLOAT, shape);
    for (float number : numbers) {
      tensor.addFloatData(number);
    }
    graph.addInitializer(tensor);
  }

  private static TensorProto.Builder tensor(
      String name, TensorProto.DataType type, List<Integer> shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(type.getNumber());
    shape.forEach(tensor::addDims);
    return tensor;
  }

  /** A float tensor whose first dimension, the batch, has no fixed size. */
  private static ValueInfoProto value(String name, int... dimensions) {
    TensorShapeProto.Builder shape =
        TensorShapeProto.newBuilder()
            .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("N"));
    for (int dimension : dimensions) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dimension));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TensorProto.DataType.FLOAT.getNumber())
                        .setShape(shape)))
        .build();
  }

  private static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static AttributeProto integers(String name, long... values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INTS)
        .addAllInts(LongStream.of(values).boxed().toList())
        .build();
  }

  private static AttributeProto real(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }
}
