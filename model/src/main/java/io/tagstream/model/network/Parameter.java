package io.tagstream.model.network;

import java.util.List;

/**
 * A tensor that training changes.
 *
 * @param name the layer's name and {@code .weight} or {@code .bias}
 * @param shape ONNX order: {@code [channels][inputChannels / groups][kernel][kernel]} or {@code
 *     [units][inputs]}, a bias {@code [channels]}
 * @param layer the layer it belongs to
 */
public record Parameter(String name, String layer, List<Integer> shape) {
  public Parameter {
    shape = List.copyOf(shape);
  }

  /** How many numbers it holds. */
  public long count() {
    return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }
}
