package io.tagstream.model.engine.onnxruntime;

import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.onnx.OnnxWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.ValueInfoProto;

/**
 * Cuts a bundle's graph into what one of two towers computes between two meetings with the other:
 * the same nodes, with the tower's part of the weights.
 */
final class TowerPieces {
  static final String INPUT = "in";
  static final String OUTPUT = "out";

  private final LeanModel whole;
  private final DeviceShare share;
  private final List<Piece> pieces = new ArrayList<>();

  // The piece that grows.
  private Optional<Meeting> meeting = Optional.empty();
  private List<Integer> inputShape;
  private GraphProto.Builder graph = GraphProto.newBuilder().setName("tower");
  private Map<String, LeanModel.Tensor> weights = new LinkedHashMap<>();
  private List<Convolution> normalized = new ArrayList<>();

  /** The tensor that the next node reads, and its shape for one image. */
  private String tensor = INPUT;

  private List<Integer> shape;

  /**
   * What a piece waits for.
   *
   * @param layer that needs it
   * @param neighbours numbers of an image that it takes from the other tower's next maps; all of
   *     what the other has where absent
   */
  record Meeting(String layer, Optional<Integer> neighbours) {}

  /**
   * A piece.
   *
   * @param meeting what comes before it; nothing before the first, which reads the image
   * @param inputShape of an image's numbers that come in
   * @param outputShape of an image's that it leaves
   * @param normalized of its LRN nodes, in their order: the layer with the channels that come in
   */
  record Piece(
      Optional<Meeting> meeting,
      List<Integer> inputShape,
      List<Integer> outputShape,
      List<Convolution> normalized,
      LeanModel model) {}

  private TowerPieces(LeanModel whole, DeviceShare share) {
    this.whole = whole;
    this.share = share;
    int side = share.network().inputSize();
    inputShape = List.of(share.inputChannels(0), side, side);
    shape = inputShape;
  }

  /**
   * Cuts a tower's pieces, in their order: the last one gives probabilities, and what comes into
   * the one before are the features.
   *
   * @param whole with floats
   */
  static List<Piece> of(LeanModel whole, DeviceShare share) {
    return new TowerPieces(whole, share).cut();
  }

  private List<Piece> cut() {
    int convolutions = 0;
    int dense = 0;
    for (NodeProto node : whole.model().getGraph().getNodeList()) {
      switch (node.getOpType()) {
        case "Conv" -> {
          addConvolution(node, convolutions);
          convolutions++;
        }
        case "LRN" -> addNormalization(node, convolutions - 1);
        case "MaxPool" -> {
          Convolution layer = share.convolutions().get(convolutions - 1);
          int side = layer.pool().orElseThrow().outputSide(shape.get(1));
          add(node, List.of(shape.get(0), side, side));
        }
        case "Gemm" -> {
          String name = share.dense().get(dense).name();
          int inputs = dense == 0 ? numbers(shape) * share.count() : unitsOfAll(dense - 1);
          meet(new Meeting(name, Optional.empty()), List.of(inputs));
          addWeighted(node, 1, List.of(share.dense().get(dense).units()));
          dense++;
        }
        case "Softmax" -> {
          meet(new Meeting("softmax", Optional.empty()), List.of(share.network().classes()));
          add(node, shape);
        }
        // A tower's maps are one of the parts that are made and joined around a normalisation, and
        // what comes in to the dense layers is flat.
        case "Reshape", "Flatten" -> {}
        default -> add(node, shape);
      }
    }
    end();
    return pieces;
  }

  private int unitsOfAll(int dense) {
    return share.network().dense().get(dense).units();
  }

  private void addConvolution(NodeProto node, int index) {
    Convolution layer = share.convolutions().get(index);
    int side = share.network().sides().get(index);
    if (share.joins(index)) {
      meet(
          new Meeting(layer.name(), Optional.empty()),
          List.of(share.inputChannels(index), side, side));
    }
    int convolved = layer.convolvedSide(side);
    addWeighted(node, layer.groups(), List.of(layer.channels(), convolved, convolved));
  }

  private void addNormalization(NodeProto node, int convolution) {
    Convolution layer = share.convolutions().get(convolution);
    Optional<Integer> seen = share.neighbours(convolution);
    if (seen.isEmpty()) {
      normalized.add(layer);
      add(node, shape);
      return;
    }
    List<Integer> own = shape;
    int area = own.get(1) * own.get(2);
    int neighbours = seen.get();
    meet(
        new Meeting(layer.name() + " lrn", Optional.of(neighbours * area)),
        List.of(own.get(0) + neighbours, own.get(1), own.get(2)));
    normalized.add(layer.withChannels(own.get(0) + neighbours));
    add(node, shape);
    int from = share.index() == 0 ? 0 : neighbours;
    String kept = tensor + ".own";
    NodeProto.Builder slice =
        NodeProto.newBuilder().setName(kept).setOpType("Slice").addInput(tensor).addOutput(kept);
    slice.addInput(addInteger(kept + ".from", from));
    slice.addInput(addInteger(kept + ".to", from + own.get(0)));
    slice.addInput(addInteger(kept + ".axis", 1));
    add(slice.build(), own);
  }

  private String addInteger(String name, long number) {
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.INT64.getNumber())
            .addDims(1)
            .addInt64Data(number));
    return name;
  }

  /** A node with the tower's part of its weights. */
  private void addWeighted(NodeProto node, int groups, List<Integer> output) {
    for (String name : node.getInputList().subList(1, node.getInputCount())) {
      addPart(name);
    }
    NodeProto.Builder own = node.toBuilder();
    for (AttributeProto.Builder attribute : own.getAttributeBuilderList()) {
      if (attribute.getName().equals("group")) {
        attribute.setI(groups);
      }
    }
    add(own.build(), output);
  }

  private void addPart(String name) {
    LeanModel.Tensor all = whole.weights().get(name);
    int units = Math.toIntExact(all.shape().get(0));
    int unitBytes = all.numbers().remaining() / units;
    int first = share.first(units);
    int count = share.own(units);
    ByteBuffer numbers = all.numbers().slice(first * unitBytes, count * unitBytes);
    List<Long> part = new ArrayList<>(all.shape());
    part.set(0, (long) count);
    weights.put(name, new LeanModel.Tensor(all.type(), part, numbers));
    for (TensorProto tensorProto : whole.model().getGraph().getInitializerList()) {
      if (tensorProto.getName().equals(name)) {
        graph.addInitializer(tensorProto.toBuilder().clearDims().addAllDims(part));
      }
    }
  }

  private void add(NodeProto node, List<Integer> output) {
    graph.addNode(node.toBuilder().setInput(0, tensor));
    tensor = node.getOutput(0);
    shape = output;
  }

  private void meet(Meeting next, List<Integer> input) {
    end();
    meeting = Optional.of(next);
    inputShape = input;
    shape = input;
    graph = GraphProto.newBuilder().setName("tower");
    weights = new LinkedHashMap<>();
    normalized = new ArrayList<>();
    tensor = INPUT;
  }

  private void end() {
    int last = graph.getNodeCount() - 1;
    graph.setNode(last, graph.getNode(last).toBuilder().setOutput(0, OUTPUT));
    graph.addInput(value(INPUT, inputShape)).addOutput(value(OUTPUT, shape));
    ModelProto model = whole.model().toBuilder().setGraph(graph).build();
    pieces.add(new Piece(meeting, inputShape, shape, normalized, new LeanModel(model, weights)));
  }

  private static ValueInfoProto value(String name, List<Integer> shape) {
    return OnnxWriter.value(name, shape.stream().mapToInt(Integer::intValue).toArray());
  }

  /** How many numbers an image has there. */
  static int numbers(List<Integer> shape) {
    return shape.stream().reduce(1, Math::multiplyExact);
  }
}
