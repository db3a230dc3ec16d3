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
     *
     * @throws IllegalArgumentException when one of the two is infinite or not a number
     */
    public static Scale of(float min, float max) {
      if (!Float.isFinite(min) || !Float.isFinite(max)) {
        throw new IllegalArgumentException("no byte stands for %s or %s".formatted(min, max));
      }
      float low = Math.min(min, 0);
      float high = Math.max(max, 0);
      float step = high / LARGEST - low / LARGEST;
      // What is always 0, or as good as that, can have any step.
      return step > 0 ? new Scale(step, Math.round(-low / step)) : new Scale(1, 0);
    }
  }

  public Quantization {
    activations = Map.copyOf(activations);
  }
}
