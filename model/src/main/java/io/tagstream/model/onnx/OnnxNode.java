package io.tagstream.model.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.NodeProto;

/**
 * A node of the graph.
 *
 * @param name may be empty
 * @param type the operator's name
 * @param attributes by name, as unparsed messages
 */
record OnnxNode(
    String name,
    String type,
    List<String> inputs,
    List<String> outputs,
    Map<String, ByteBuffer> attributes) {

  private static final int MOST = 1000;

  /** The most bytes of an attribute that is not a tensor: it holds a few integers. */
  private static final int LONGEST_ATTRIBUTE = 1 << 16;

  static OnnxNode read(ByteBuffer message) throws IOException {
    String name = "";
    String type = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, ByteBuffer> attributes = new HashMap<>();
    WireReader fields = new WireReader(message);
    while (fields.next()) {
      if (Math.max(inputs.size() + outputs.size(), attributes.size()) > MOST) {
        throw new IOException(
            "the node '%s' has more than %d inputs, outputs or attributes".formatted(name, MOST));
      }
      switch (fields.field()) {
        case NodeProto.NAME_FIELD_NUMBER -> name = fields.string();
        case NodeProto.OP_TYPE_FIELD_NUMBER -> type = fields.string();
        case NodeProto.INPUT_FIELD_NUMBER -> inputs.add(fields.string());
        case NodeProto.OUTPUT_FIELD_NUMBER -> outputs.add(fields.string());
        case NodeProto.ATTRIBUTE_FIELD_NUMBER -> {
          ByteBuffer attribute = fields.bytes();
          attributes.put(attributeName(attribute), attribute);
        }
        default -> fields.skip();
      }
    }
    if (type.isEmpty() || outputs.isEmpty()) {
      throw new IOException("not an ONNX file: a node without an operator or an output");
    }
    return new OnnxNode(name, type, List.copyOf(inputs), List.copyOf(outputs), attributes);
  }

  private static String attributeName(ByteBuffer attribute) throws IOException {
    WireReader fields = new WireReader(attribute);
    while (fields.next()) {
      if (fields.field() == AttributeProto.NAME_FIELD_NUMBER) {
        return fields.string();
      }
      fields.skip();
    }
    throw new IOException("not an ONNX file: an attribute without a name");
  }

  /**
   * Parses an attribute with protobuf's parser. For attributes that are not tensors, which may be
   * large.
   */
  Optional<AttributeProto> attribute(String attribute) throws IOException {
    ByteBuffer message = attributes.get(attribute);
    return message == null
        ? Optional.empty()
        : Optional.of(AttributeProto.parseFrom(requireShort(attribute, message).duplicate()));
  }

  private ByteBuffer requireShort(String attribute, ByteBuffer message) throws IOException {
    if (message.remaining() > LONGEST_ATTRIBUTE) {
      throw new IOException(
          "the attribute '%s' of node %s has %d bytes, at most %d are read"
              .formatted(attribute, title(), message.remaining(), LONGEST_ATTRIBUTE));
    }
    return message;
  }

  Optional<OnnxTensor> tensor(String attribute) throws IOException {
    ByteBuffer message = attributes.get(attribute);
    if (message != null) {
      WireReader fields = new WireReader(message);
      while (fields.next()) {
        if (fields.field() == AttributeProto.T_FIELD_NUMBER) {
          return Optional.of(OnnxTensor.read(fields.bytes()));
        }
        fields.skip();
      }
    }
    return Optional.empty();
  }

  Optional<List<Long>> ints(String attribute) throws IOException {
    return attribute(attribute).map(AttributeProto::getIntsList);
  }

  int integer(String attribute, int absent) throws IOException {
    return attribute(attribute).map(found -> Math.toIntExact(found.getI())).orElse(absent);
  }

  float real(String attribute, float absent) throws IOException {
    return attribute(attribute).map(AttributeProto::getF).orElse(absent);
  }

  /** The node's name and operator, for messages. */
  String title() {
    return "%s (%s)".formatted(name.isEmpty() ? "without a name" : name, type);
  }
}
