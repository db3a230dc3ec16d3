package io.tagstream.model.engine.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.platform.Fp16Conversions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.ValueInfoProto;

/**
 * Rewrites a graph from floats to 16-bit floats, with which GPUs compute several times as fast.
 * Inputs and outputs remain floats; so do the LRN nodes, whose squares would overflow for
 * activations of 256 and more.
 */
final class HalfPrecision {
  private static final String HALF = ".half";
  private static final String FLOAT = ".float";

  private final Set<String> outputs;
  private final List<NodeProto> nodes = new ArrayList<>();

  private HalfPrecision(GraphProto graph) {
    outputs =
        graph.getOutputList().stream()
            .map(ValueInfoProto::getName)
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Rewrites a model whose weights are floats.
   *
   * @param model not changed; the new weights are buffers that the garbage collector frees
   */
  static LeanModel apply(LeanModel model) {
    GraphProto graph = model.model().getGraph();
    HalfPrecision rewrite = new HalfPrecision(graph);
    Set<String> inputs =
        graph.getInputList().stream().map(ValueInfoProto::getName).collect(Collectors.toSet());
    inputs.forEach(input -> rewrite.cast(input, input + HALF, TensorProto.DataType.FLOAT16));
    Set<String> constants = model.weights().keySet();
    for (NodeProto node : graph.getNodeList()) {
      rewrite.add(node, constants);
    }
    rewrite.outputs.forEach(
        output -> rewrite.cast(output + HALF, output, TensorProto.DataType.FLOAT));
    GraphProto.Builder rewritten =
        graph.toBuilder().clearNode().addAllNode(rewrite.nodes).clearInitializer();
    for (TensorProto tensor : graph.getInitializerList()) {
      rewritten.addInitializer(
          constants.contains(tensor.getName())
              ? tensor.toBuilder().setDataType(TensorProto.DataType.FLOAT16_VALUE).build()
              : tensor);
    }
    Map<String, LeanModel.Tensor> weights = new LinkedHashMap<>();
    model.weights().forEach((name, tensor) -> weights.put(name, half(tensor)));
    return new LeanModel(model.model().toBuilder().setGraph(rewritten).build(), weights);
  }

  /** Adds a node. Every tensor apart from the weights gets another name in 16 bits. */
  private void add(NodeProto node, Set<String> constants) {
    NodeProto.Builder changed = node.toBuilder();
    boolean staysFloat = node.getOpType().equals("LRN");
    for (int i = 0; i < node.getInputCount(); i++) {
      String input = node.getInput(i);
      if (constants.contains(input)) {
        continue;
      }
      if (staysFloat) {
        cast(input + HALF, input + FLOAT, TensorProto.DataType.FLOAT);
      }
      changed.setInput(i, input + (staysFloat ? FLOAT : HALF));
    }
    String output = node.getOutput(0);
    changed.setOutput(0, output + (staysFloat ? FLOAT : HALF));
    nodes.add(changed.build());
    if (staysFloat) {
      cast(output + FLOAT, output + HALF, TensorProto.DataType.FLOAT16);
    }
  }

  private void cast(String from, String to, TensorProto.DataType type) {
    nodes.add(
        NodeProto.newBuilder()
            .setName(to + ".cast")
            .setOpType("Cast")
            .addInput(from)
            .addOutput(to)
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("to")
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(type.getNumber()))
            .build());
  }

  private static LeanModel.Tensor half(LeanModel.Tensor tensor) {
    FloatBuffer floats = tensor.numbers().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(floats.remaining() * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    ShortBuffer halves = bytes.asShortBuffer();
    while (floats.hasRemaining()) {
      halves.put(Fp16Conversions.floatToFp16(floats.get()));
    }
    return new LeanModel.Tensor(OnnxJavaType.FLOAT16, tensor.shape(), bytes);
  }
}
