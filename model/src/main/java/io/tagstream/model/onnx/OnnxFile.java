package io.tagstream.model.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.ValueInfoProto;

/**
 * The content of an ONNX file, whatever its network.
 *
 * @param producer the program that wrote it; may be empty
 * @param nodes in the file's order, which ONNX requires to be topological
 * @param initializers by name
 * @param inputs without the initializers, which before IR version 4 are inputs too
 * @param metadata the file's own key-value pairs
 */
record OnnxFile(
    String producer,
    List<OnnxNode> nodes,
    Map<String, OnnxTensor> initializers,
    List<ValueInfoProto> inputs,
    List<ValueInfoProto> outputs,
    Map<String, String> metadata) {

  /** The most nodes, tensors or other entries of a graph; an AlexNet has some dozens. */
  private static final int MOST = 10_000;

  private static final int LONGEST_ENTRY = 1 << 16;

  /**
   * Reads a mapped file. Tensors are views of it.
   *
   * @throws IOException if it is not an ONNX file; the message states this without the file's name
   */
  static OnnxFile read(FileMapping file) throws IOException {
    WireReader fields = new WireReader(file.bytes());
    String producer = "";
    List<OnnxNode> nodes = new ArrayList<>();
    Map<String, OnnxTensor> initializers = new LinkedHashMap<>();
    List<ValueInfoProto> inputs = new ArrayList<>();
    List<ValueInfoProto> outputs = new ArrayList<>();
    Map<String, String> metadata = new HashMap<>();
    while (fields.next()) {
      requireFew(metadata.keySet(), "pairs of metadata");
      switch (fields.field()) {
        case ModelProto.PRODUCER_NAME_FIELD_NUMBER -> producer = fields.string();
        case ModelProto.GRAPH_FIELD_NUMBER ->
            readGraph(fields.bytes(), nodes, initializers, inputs, outputs);
        case ModelProto.METADATA_PROPS_FIELD_NUMBER -> {
          StringStringEntryProto entry =
              StringStringEntryProto.parseFrom(fields.bytes(LONGEST_ENTRY, "a pair of metadata"));
          metadata.put(entry.getKey(), entry.getValue());
        }
        default -> fields.skip();
      }
    }
    if (nodes.isEmpty()) {
      throw new IOException("not an ONNX model: it holds no graph");
    }
    inputs.removeIf(input -> initializers.containsKey(input.getName()));
    return new OnnxFile(producer, nodes, initializers, inputs, outputs, metadata);
  }

  /**
   * Parses an input or output. Protobuf's parser limits nested messages to a depth of a hundred.
   */
  private static ValueInfoProto description(WireReader fields) throws IOException {
    return ValueInfoProto.parseFrom(fields.bytes(LONGEST_ENTRY, "an input or output"));
  }

  private static void requireFew(Collection<?> read, String what) throws IOException {
    if (read.size() > MOST) {
      throw new IOException("it has more than %d %s".formatted(MOST, what));
    }
  }

  private static void readGraph(
      ByteBuffer message,
      List<OnnxNode> nodes,
      Map<String, OnnxTensor> initializers,
      List<ValueInfoProto> inputs,
      List<ValueInfoProto> outputs)
      throws IOException {
    WireReader fields = new WireReader(message);
    while (fields.next()) {
      requireFew(nodes, "nodes");
      requireFew(initializers.values(), "initializers");
      requireFew(inputs, "inputs");
      requireFew(outputs, "outputs");
      switch (fields.field()) {
        case GraphProto.NODE_FIELD_NUMBER -> nodes.add(OnnxNode.read(fields.bytes()));
        case GraphProto.INITIALIZER_FIELD_NUMBER -> {
          OnnxTensor tensor = OnnxTensor.read(fields.bytes());
          initializers.put(tensor.name(), tensor);
        }
        case GraphProto.INPUT_FIELD_NUMBER -> inputs.add(description(fields));
        case GraphProto.OUTPUT_FIELD_NUMBER -> outputs.add(description(fields));
        default -> fields.skip();
      }
    }
  }
}
