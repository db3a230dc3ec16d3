package io.tagstream.model.network;

import java.util.Map;

/**
 * How a network's activations are written as bytes when it computes with integers. Its weights need
 * no such record: each output channel's scale follows from the channel's largest weight.
 *
 * @param activations by the tensor's name in the ONNX file
 */
public record Quantization(Map<String, Scale> activations) {

  /**
   * A byte q, 0 to 255, stands for {@code step * (q - zero)}.
   *
   * @param step above 0
   * @param zero the byte that stands for 0
   */
  public record Scale(float step, int zero) {
    private static final int LARGEST = 255;

    public Scale {
      if (!(step > 0) || !Float.isFinite(step) || zero < 0 || zero > LARGEST) {
        throw new IllegalArgumentException(
            "a byte stands for a multiple of a positive step: %s from %d".formatted(step, zero));
      }
    }

    /**
     * The finest scale for a range of numbers; 0 always has a byte of its own, since padding is
     * made of it.
     */
    public static Scale of(float min, float max) {
      float low = Math.min(min, 0);
      float high = Math.max(max, 0);
      // What is always 0 can have any step.
      float step = high > low ? (high - low) / LARGEST : 1;
      return new Scale(step, Math.round(-low / step));
    }
  }

  public Quantization {
    activations = Map.copyOf(activations);
  }
}
