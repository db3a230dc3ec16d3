package io.tagstream.model.network;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.ToLongFunction;

/** The size and the cost of each layer of a network, for one image. */
public record LayerTable(List<Row> rows) {
  /**
   * One layer's row.
   *
   * @param outputShape {@code [channels][side][side]} before pooling, or {@code [units]}
   * @param parameters number of weights and biases
   * @param multiplyAdds for the pre-activations; activation, normalisation and pooling are not
   *     counted
   */
  public record Row(String layer, List<Integer> outputShape, long parameters, long multiplyAdds) {
    public Row {
      outputShape = List.copyOf(outputShape);
    }

    /** The size of the parameters as float32, in bytes. */
    public long bytes() {
      return parameters * Float.BYTES;
    }

    /** The number of pre-activations. */
    public long neurons() {
      return outputShape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    }
  }

  public LayerTable {
    rows = List.copyOf(rows);
  }

  public static LayerTable of(NetworkDescription network) {
    List<Row> rows = new ArrayList<>();
    Iterator<Parameter> parameters = network.parameters().iterator();
    Iterator<Integer> sides = network.sides().iterator();
    for (Convolution layer : network.convolutions()) {
      int side = layer.convolvedSide(sides.next());
      List<Integer> shape = List.of(layer.channels(), side, side);
      rows.add(row(layer.name(), shape, (long) side * side, parameters));
    }
    for (Dense layer : network.dense()) {
      rows.add(row(layer.name(), List.of(layer.units()), 1, parameters));
    }
    return new LayerTable(rows);
  }

  /** A row. Each weight is used at {@code positions} positions. */
  private static Row row(
      String layer, List<Integer> shape, long positions, Iterator<Parameter> parameters) {
    long weights = parameters.next().count();
    long biases = parameters.next().count();
    return new Row(layer, shape, weights + biases, weights * positions);
  }

  public long parameters() {
    return total(Row::parameters);
  }

  public long multiplyAdds() {
    return total(Row::multiplyAdds);
  }

  public long bytes() {
    return total(Row::bytes);
  }

  /** The paper's count: the outputs of all layers, without the input's pixels. */
  public long neurons() {
    return total(Row::neurons);
  }

  private long total(ToLongFunction<Row> number) {
    return rows.stream().mapToLong(number).sum();
  }
}
