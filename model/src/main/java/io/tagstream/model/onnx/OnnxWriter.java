package io.tagstream.model.onnx;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
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
 * operators only, all weights float32 initializers inside the file.
 *
 * <p>Input {@code image} {@code [N][3][S][S]}, already preprocessed; outputs {@code probabilities}
 * {@code [N][classes]} and {@code features} {@code [N][units]}, the layer before the last after its
 * activation. Dropout does nothing when serving and has no node; its probabilities stand in the
 * file's metadata as {@code dropout.LAYER}, so that the file alone gives the whole description
 * back. The same network and weights always give the same bytes.
 */
public final class OnnxWriter {
  /** What the file names as its producer. */
  public static final String PRODUCER = "tagstream";

  static final String INPUT = "image";
  static final String PROBABILITIES = "probabilities";
  static final String FEATURES = "features";
  static final String DROPOUT_KEY = "dropout.";

  private static final int IR_VERSION = 7;
  private static final int OPERATOR_SET = 12;
  private static final int CHUNK_FLOATS = 1 << 16;

  private final NetworkDescription network;
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("tagstream");

  private OnnxWriter(NetworkDescription network) {
    this.network = network;
  }

  /**
   * Writes the file a chunk at a time, so that 240 MB of weights need no more heap than a few of
   * the paper's feature maps.
   *
   * @param out not closed here
   */
  public static void write(Weights weights, OutputStream out) throws IOException {
    NetworkDescription network = weights.network();
    byte[] graph = new OnnxWriter(network).graph().toByteArray();
    List<TensorHeader> headers = new ArrayList<>();
    long graphBytes = graph.length;
    for (Parameter parameter : network.parameters()) {
      TensorHeader header = TensorHeader.of(parameter);
      headers.add(header);
      graphBytes += header.fieldBytes();
    }

    CodedOutputStream file = CodedOutputStream.newInstance(out);
    model(network).writeTo(file);
    file.writeTag(ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    file.writeUInt32NoTag(Math.toIntExact(graphBytes));
    file.writeRawBytes(graph);
    for (TensorHeader header : headers) {
      header.writeTo(file);
      writeLittleEndian(weights.get(header.parameter.name()), file);
    }
    file.flush();
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

  /** An initializer up to its numbers, which follow as the last field of its message. */
  private record TensorHeader(Parameter parameter, TensorProto fields, int dataBytes) {
    static TensorHeader of(Parameter parameter) {
      TensorProto.Builder tensor =
          TensorProto.newBuilder()
              .setName(parameter.name())
              .setDataType(TensorProto.DataType.FLOAT.getNumber());
      parameter.shape().forEach(tensor::addDims);
      return new TensorHeader(
          parameter, tensor.build(), Math.toIntExact(parameter.count() * Float.BYTES));
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
    }
  }

  private static ModelProto model(NetworkDescription network) {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName(PRODUCER)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPERATOR_SET));
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
    for (Convolution layer : network.convolutions()) {
      tensor = add(layer, tensor);
    }
    tensor = add("flatten", "Flatten", List.of(tensor), "flatten", integer("axis", 1));
    List<Dense> dense = network.dense();
    for (int i = 0; i < dense.size(); i++) {
      Dense layer = dense.get(i);
      tensor = add(layer, tensor, i == dense.size() - 2 ? FEATURES : layer.name() + ".out");
    }
    add("softmax", "Softmax", List.of(tensor), PROBABILITIES, integer("axis", 1));
    return graph.build();
  }

  private String add(Convolution layer, String input) {
    String name = layer.name();
    String tensor =
        add(
            name,
            "Conv",
            List.of(input, name + ".weight", name + ".bias"),
            name + ".sum",
            integers("kernel_shape", layer.kernel(), layer.kernel()),
            integers("strides", layer.stride(), layer.stride()),
            integers("pads", layer.padding(), layer.padding(), layer.padding(), layer.padding()),
            integer("group", layer.groups()));
    tensor = activation(layer.activation(), name, tensor, name + ".act");
    if (layer.normalization().isPresent()) {
      LrnAttributes lrn = LrnAttributes.of(layer.normalization().get());
      tensor =
          add(
              name + ".lrn",
              "LRN",
              List.of(tensor),
              name + ".lrn",
              integer("size", lrn.size()),
              real("alpha", lrn.alpha()),
              real("beta", lrn.beta()),
              real("bias", lrn.bias()));
    }
    if (layer.pool().isPresent()) {
      MaxPool pool = layer.pool().get();
      tensor =
          add(
              name + ".pool",
              "MaxPool",
              List.of(tensor),
              name + ".pool",
              integers("kernel_shape", pool.size(), pool.size()),
              integers("strides", pool.stride(), pool.stride()),
              integers("pads", 0, 0, pool.endPadding(), pool.endPadding()));
    }
    return tensor;
  }

  private String add(Dense layer, String input, String output) {
    String name = layer.name();
    List<String> inputs = List.of(input, name + ".weight", name + ".bias");
    if (layer.activation() == Activation.IDENTITY) {
      return add(name, "Gemm", inputs, output, integer("transB", 1));
    }
    String sum = add(name, "Gemm", inputs, name + ".sum", integer("transB", 1));
    return activation(layer.activation(), name, sum, output);
  }

  private String activation(Activation activation, String layer, String input, String output) {
    return switch (activation) {
      case RELU -> add(layer + ".relu", "Relu", List.of(input), output);
      case TANH -> add(layer + ".tanh", "Tanh", List.of(input), output);
      case IDENTITY -> input;
    };
  }

  private String add(
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

  /** A float tensor whose first dimension, the batch, is open. */
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
