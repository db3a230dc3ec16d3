package io.tagstream.model.engine.onnxruntime;

import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.NetworkDescription;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;

/**
 * Writes each LRN node as Mul, 1x1 Conv, Sqrt and Div: the sum of squares over neighbouring
 * channels is a convolution with alpha on a band around the diagonal and k as bias. ONNX Runtime's
 * own node runs on one thread and takes more than half of the network's time.
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
    for (NodeProto node : model.model().getGraph().getNodeList()) {
      if (node.getOpType().equals("LRN")) {
        rewrite.replace(node, normalized.next());
      } else {
        rewrite.nodes.add(node);
      }
    }
    return model.withNodes(rewrite.nodes, rewrite.constants);
  }

  private void replace(NodeProto node, Convolution layer) {
    LocalResponseNormalization lrn = layer.normalization().orElseThrow();
    String output = node.getOutput(0);
    String input = node.getInput(0);
    String squares = add("Mul", output + ".squares", input, input);
    String band = addBand(output + ".band", layer.channels(), lrn);
    String k = addRepeated(output + ".k", layer.channels(), lrn.k());
    String sums = add("Conv", output + ".sums", squares, band, k);
    String divisor;
    if (lrn.beta() == 0.75) {
      // Two square roots, which are exact and cost a fraction of a power.
      String root = add("Sqrt", output + ".root", sums);
      String fourthRoot = add("Sqrt", output + ".fourth-root", root);
      divisor = add("Mul", output + ".divisor", root, fourthRoot);
    } else {
      String beta = addRepeated(output + ".beta", 1, lrn.beta());
      divisor = add("Pow", output + ".divisor", sums, beta);
    }
    add("Div", output, input, divisor);
  }

  private String add(String type, String output, String... inputs) {
    nodes.add(
        NodeProto.newBuilder()
            .setName(output)
            .setOpType(type)
            .addAllInput(List.of(inputs))
            .addOutput(output)
            .build());
    return output;
  }

  private String addBand(String name, int channels, LocalResponseNormalization lrn) {
    TensorProto.Builder band = floats(name).addDims(channels).addDims(channels);
    band.addDims(1).addDims(1);
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
