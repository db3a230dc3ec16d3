package io.tagstream.model.engine.onnxruntime;

import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.NetworkDescription;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;

/**
 * Replaces each LRN node by a few others: the sum of squares over neighbouring channels becomes a
 * product with a matrix that has alpha on a band around the diagonal. ONNX Runtime computes an LRN
 * node on one thread, which takes more than half of the network's time.
 *
 * <p>In a network of floats the product is a 1x1 convolution with k as its bias. ONNX Runtime
 * computes convolutions and pools of integers with the channels last; there the product is a matrix
 * product in the same layout, so that nothing is transposed in between.
 */
final class NormalizationRewrite {
  private final List<NodeProto> nodes = new ArrayList<>();
  private final List<TensorProto> constants = new ArrayList<>();

  private NormalizationRewrite() {}

  /**
   * Rewrites the model's nodes.
   *
   * @param network of the model; its normalised convolutions are in the order of the LRN nodes
   */
  static LeanModel apply(LeanModel model, NetworkDescription network) {
    NormalizationRewrite rewrite = new NormalizationRewrite();
    Iterator<Convolution> normalized =
        network.convolutions().stream()
            .filter(layer -> layer.normalization().isPresent())
            .iterator();
    List<NodeProto> before = model.model().getGraph().getNodeList();
    Map<String, NodeProto> dequantizers =
        before.stream()
            .filter(node -> node.getOpType().equals("DequantizeLinear"))
            .collect(Collectors.toMap(node -> node.getOutput(0), Function.identity()));
    for (NodeProto node : before) {
      if (!node.getOpType().equals("LRN")) {
        rewrite.nodes.add(node);
      } else if (dequantizers.containsKey(node.getInput(0))) {
        NodeProto dequantize = dequantizers.get(node.getInput(0));
        rewrite.nodes.remove(dequantize);
        rewrite.replace(node, dequantize, normalized.next());
      } else {
        rewrite.replace(node, normalized.next());
      }
    }
    return model.withNodes(rewrite.nodes, rewrite.constants);
  }

  private void replace(NodeProto node, Convolution layer) {
    LocalResponseNormalization lrn = layer.normalization().orElseThrow();
    String output = node.getOutput(0);
    String input = node.getInput(0);
    String squares = add("Mul", output + ".squares", input, input);
    // The file's reshaping nodes before and after LRN turn parts into positions.
    int channels = layer.channels() / lrn.scope().parts();
    String band = addBand(output + ".band", channels, lrn, channels, channels, 1, 1);
    String k = addRepeated(output + ".k", channels, lrn.k());
    String sums = add("Conv", output + ".sums", squares, band, k);
    add("Div", output, input, addPower(output, sums, lrn));
  }

  /**
   * Replaces a node of a network that computes with integers.
   *
   * @param dequantize the node that converts the LRN node's input from bytes to floats
   */
  private void replace(NodeProto node, NodeProto dequantize, Convolution layer) {
    LocalResponseNormalization lrn = layer.normalization().orElseThrow();
    String output = node.getOutput(0);
    String bytes = addTranspose(output + ".bytes", dequantize.getInput(0), 0, 2, 3, 1);
    String input =
        add(
            "DequantizeLinear",
            output + ".input",
            bytes,
            dequantize.getInput(1),
            dequantize.getInput(2));
    String squares = add("Mul", output + ".squares", input, input);
    long channels = layer.channels();
    String band = addBand(output + ".band", layer.channels(), lrn, channels, channels);
    String k = addRepeated(output + ".k", layer.channels(), lrn.k());
    String products = add("MatMul", output + ".products", squares, band);
    String sums = add("Add", output + ".sums", products, k);
    String result = add("Div", output + ".output", input, addPower(output, sums, lrn));
    addTranspose(output, result, 0, 3, 1, 2);
  }

  private String addPower(String output, String sums, LocalResponseNormalization lrn) {
    if (lrn.beta() == 0.75) {
      // Two square roots are exact and cost a fraction of a power.
      String root = add("Sqrt", output + ".root", sums);
      String fourthRoot = add("Sqrt", output + ".fourth-root", root);
      return add("Mul", output + ".divisor", root, fourthRoot);
    }
    String beta = addRepeated(output + ".beta", 1, lrn.beta());
    return add("Pow", output + ".divisor", sums, beta);
  }

  private String addTranspose(String output, String input, long... order) {
    nodes.add(
        node("Transpose", output, input)
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("perm")
                    .setType(AttributeProto.AttributeType.INTS)
                    .addAllInts(LongStream.of(order).boxed().toList()))
            .build());
    return output;
  }

  private String add(String type, String output, String... inputs) {
    nodes.add(node(type, output, inputs).build());
    return output;
  }

  private static NodeProto.Builder node(String type, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setName(output)
        .setOpType(type)
        .addAllInput(List.of(inputs))
        .addOutput(output);
  }

  private String addBand(String name, int channels, LocalResponseNormalization lrn, long... shape) {
    TensorProto.Builder band = floats(name);
    LongStream.of(shape).forEach(band::addDims);
    for (int row = 0; row < channels; row++) {
      for (int column = 0; column < channels; column++) {
        boolean near = Math.abs(row - column) <= lrn.size() / 2;
        band.addFloatData(near ? (float) lrn.alpha() : 0);
      }
    }
    constants.add(band.build());
    return name;
  }

  private String addRepeated(String name, int count, double value) {
    TensorProto.Builder tensor = floats(name).addDims(count);
    for (int i = 0; i < count; i++) {
      tensor.addFloatData((float) value);
    }
    constants.add(tensor.build());
    return name;
  }

  private static TensorProto.Builder floats(String name) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(TensorProto.DataType.FLOAT.getNumber());
  }
}
