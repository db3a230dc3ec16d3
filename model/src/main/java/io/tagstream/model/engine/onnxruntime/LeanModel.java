package io.tagstream.model.engine.onnxruntime;

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
import org.nd4j.shade.protobuf.CodedInputStream;
import org.nd4j.shade.protobuf.UnsafeByteOperations;

/**
 * An ONNX model taken apart: a graph of a few kilobytes, and its weights where they lie in the
 * mapped file, so that changing the graph does not take the weights through the heap.
 *
 * @param model its tensors say that their numbers come from outside
 * @param weights by name
 */
record LeanModel(ModelProto model, Map<String, Tensor> weights) {

  /**
   * A float tensor in the mapped file.
   *
   * @param numbers little-endian
   */
  record Tensor(List<Long> shape, ByteBuffer numbers) {}

  /** Takes a model apart; its weights are good until the mapping is closed. */
  static LeanModel read(FileMapping file) throws IOException {
    // Through a ByteString, because only then are bytes fields views of it and not copies.
    CodedInputStream input = UnsafeByteOperations.unsafeWrap(file.bytes()).newCodedInput();
    input.enableAliasing(true);
    ModelProto whole = ModelProto.parseFrom(input);

    Map<String, Tensor> weights = new LinkedHashMap<>();
    GraphProto.Builder graph = whole.getGraph().toBuilder().clearInitializer();
    for (TensorProto tensor : whole.getGraph().getInitializerList()) {
      graph.addInitializer(tensor.getRawData().isEmpty() ? tensor : takeOut(tensor, weights));
    }
    return new LeanModel(whole.toBuilder().setGraph(graph).build(), weights);
  }

  private static TensorProto takeOut(TensorProto tensor, Map<String, Tensor> weights) {
    ByteBuffer numbers = tensor.getRawData().asReadOnlyByteBuffer();
    weights.put(tensor.getName(), new Tensor(List.copyOf(tensor.getDimsList()), numbers));
    return tensor.toBuilder()
        .clearRawData()
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(
            StringStringEntryProto.newBuilder().setKey("location").setValue("given-by-name"))
        .build();
  }

  /** The model with other nodes, and tensors that these need. */
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
