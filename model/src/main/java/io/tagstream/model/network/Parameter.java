package io.tagstream.model.network;

/**
 * A tensor that training changes.
 *
 * @param name the layer's name and {@code .weight} or {@code .bias}
 * @param shape ONNX order: {@code [channels][inputChannels / groups][kernel][kernel]} or {@code
 *     [units][inputs]}, a bias {@code [channels]}
 * @param layer the layer it belongs to
 */
public record Parameter(String name, String layer, long[] shape) {
  public Parameter {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** How many numbers it holds. */
  public long count() {
    long count = 1;
    for (long side : shape) {
      count *= side;
    }
    return count;
  }
}
