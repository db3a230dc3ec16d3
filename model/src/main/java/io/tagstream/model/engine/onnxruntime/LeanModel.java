package io.tagstream.model.engine.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import io.tagstream.model.onnx.FileMapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.CodedInputStream;
import org.nd4j.shade.protobuf.UnsafeByteOperations;

/**
 * An ONNX model split into a graph of a few kilobytes and its weights, which remain in the mapped
 * file, so that changing the graph does not copy the weights to the heap.
 *
 * @param model the graph, whose weights are declared as external data
 * @param weights by name
 */
record LeanModel(ModelProto model, Map<String, Tensor> weights) {

  /** The element types of weights, by ONNX's number. */
  private static final Map<Integer, OnnxJavaType> TYPES =
      Map.of(
          TensorProto.DataType.FLOAT_VALUE,
          OnnxJavaType.FLOAT,
          TensorProto.DataType.INT8_VALUE,
          OnnxJavaType.INT8);

  /**
   * A tensor in the mapped file.
   *
   * @param numbers little-endian
   */
  record Tensor(OnnxJavaType type, List<Long> shape, ByteBuffer numbers) {}

  /** Splits a model; its weights are valid until the mapping is closed. */
  static LeanModel read(FileMapping file) throws IOException {
    // Through a ByteString: only then are fields of type bytes views instead of copies.
    CodedInputStream input = UnsafeByteOperations.unsafeWrap(file.bytes()).newCodedInput();
    input.enableAliasing(true);
    ModelProto whole = ModelProto.parseFrom(input);

    Map<String, Tensor> weights = new LinkedHashMap<>();
    GraphProto.Builder graph = whole.getGraph().toBuilder().clearInitializer();
    for (TensorProto tensor : whole.getGraph().getInitializerList()) {
      boolean isWeight = !tensor.getRawData().isEmpty() && TYPES.containsKey(tensor.getDataType());
      graph.addInitializer(isWeight ? takeOut(tensor, weights) : tensor);
    }
    return new LeanModel(whole.toBuilder().setGraph(graph).build(), weights);
  }

  private static TensorProto takeOut(TensorProto tensor, Map<String, Tensor> weights) {
    ByteBuffer numbers = tensor.getRawData().asReadOnlyByteBuffer();
    weights.put(
        tensor.getName(),
        new Tensor(TYPES.get(tensor.getDataType()), List.copyOf(tensor.getDimsList()), numbers));
    return tensor.toBuilder()
        .clearRawData()
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(
            StringStringEntryProto.newBuilder().setKey("location").setValue("given-by-name"))
        .build();
  }

  /** Whether the network computes with integers. */
  boolean isQuantized() {
    return model.getGraph().getNodeList().stream()
        .anyMatch(node -> node.getOpType().equals("QuantizeLinear"));
  }

  /** The model with some tensors of its graph as additional outputs. */
  LeanModel withOutputs(List<String> tensors) {
    GraphProto.Builder graph = model.getGraph().toBuilder();
    List<String> present = graph.getOutputList().stream().map(ValueInfoProto::getName).toList();
    for (String tensor : tensors) {
      if (!present.contains(tensor)) {
        graph.addOutput(
            ValueInfoProto.newBuilder()
                .setName(tensor)
                .setType(
                    TypeProto.newBuilder()
                        .setTensorType(
                            TypeProto.Tensor.newBuilder()
                                .setElemType(TensorProto.DataType.FLOAT.getNumber()))));
      }
    }
    return new LeanModel(model.toBuilder().setGraph(graph).build(), weights);
  }

  /** The model with other nodes, and with the constants that these need. */
  LeanModel withNodes(List<NodeProto> nodes, List<TensorProto> constants) {
    GraphProto graph =
        model.getGraph().toBuilder()
            .clearNode()
            .addAllNode(nodes)
            .addAllInitializer(constants)
            .build();
    return new LeanModel(model.toBuilder().setGraph(graph).build(), weights);
  }
}
