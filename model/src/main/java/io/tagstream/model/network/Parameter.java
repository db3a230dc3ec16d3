package io.tagstream.model.network;

import java.util.List;

/**
 * A layer's weights or biases.
 *
 * @param name the layer's name with {@code .weight} or {@code .bias}
 * @param shape ONNX order: {@code [channels][inputChannels / groups][kernel][kernel]} or {@code
 *     [units][inputs]}; biases {@code [channels]} or {@code [units]}
 * @param layer the layer's name
 */
public record Parameter(String name, String layer, List<Integer> shape) {
  public Parameter {
    shape = List.copyOf(shape);
  }

  /** The number of weights or biases. */
  public long count() {
    return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }
}
