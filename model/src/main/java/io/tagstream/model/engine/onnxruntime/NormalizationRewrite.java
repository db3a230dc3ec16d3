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
 * Writes each LRN node as a few others: the sum of squares over neighbouring channels is a product
 * with a matrix that has alpha on a band around the diagonal. ONNX Runtime's own node runs on one
 * thread and takes more than half of the network's time.
 *
 * <p>With floats the product is a 1x1 convolution, with k as its bias. With integers, whose
 * convolutions and pools ONNX Runtime computes with the channels last, it is a matrix product on
 * that layout, so that nothing is transposed on the way.
 */
final class NormalizationRewrite {
  private final List<NodeProto> nodes = new ArrayList<>();
  private final List<TensorProto> constants = new ArrayList<>();

  private NormalizationRewrite() {}

  /**
   * Rewrites the model's nodes.
   *
   * @param network the model's, whose normalised convolutions are in the order of the LRN nodes
   */
  static LeanModel apply(LeanModel model, NetworkDescription network) {
    NormalizationRewrite rewrite = new NormalizationRewrite();
    Iterator<Convolution> normalized =
        network.convolutions().stream()
            .filter(layer -> layer.normalization().isPresent())
            .iterator();
    List<NodeProto> before = model.model().getGraph().getNodeList();
    Map<String, NodeProto> widenings =
        before.stream()
            .filter(node -> node.getOpType().equals("DequantizeLinear"))
            .collect(Collectors.toMap(node -> node.getOutput(0), Function.identity()));
    for (NodeProto node : before) {
      if (!node.getOpType().equals("LRN")) {
        rewrite.nodes.add(node);
      } else if (widenings.containsKey(node.getInput(0))) {
        NodeProto widening = widenings.get(node.getInput(0));
        rewrite.nodes.remove(widening);
        rewrite.replace(node, widening, normalized.next());
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
    // The file's own nodes around it make positions of the parts.
    int channels = layer.channels() / lrn.scope().parts();
    String band = addBand(output + ".band", channels, lrn, channels, channels, 1, 1);
    String k = addRepeated(output + ".k", channels, lrn.k());
    String sums = add("Conv", output + ".sums", squares, band, k);
    add("Div", output, input, addPower(output, sums, lrn));
  }

  /**
   * Replaces a node of a network with integers.
   *
   * @param widening what turns the node's input from bytes into floats
   */
  private void replace(NodeProto node, NodeProto widening, Convolution layer) {
    LocalResponseNormalization lrn = layer.normalization().orElseThrow();
    String output = node.getOutput(0);
    String bytes = addTranspose(output + ".bytes", widening.getInput(0), 0, 2, 3, 1);
    String input =
        add(
            "DequantizeLinear",
            output + ".input",
            bytes,
            widening.getInput(1),
            widening.getInput(2));
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
      // Two square roots, which are exact and cost a fraction of a power.
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
