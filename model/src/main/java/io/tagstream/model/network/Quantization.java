package io.tagstream.model.network;

import java.util.Map;

/**
 * How a network that computes with integers represents its activations as bytes. Weights need no
 * such record: the scale of an output channel follows from its largest weight.
 *
 * @param activations by the tensor's name in the ONNX file
 */
public record Quantization(Map<String, Scale> activations) {

  /**
   * A byte q, 0 to 255, stands for {@code step * (q - zero)}.
   *
   * @param step above 0; ONNX's scale
   * @param zero the byte that stands for 0; ONNX's zero point
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
     * The finest scale for a range of numbers. One byte stands for exactly 0, which padding needs.
     *
     * @throws IllegalArgumentException if {@code min} or {@code max} is infinite or not a number
     */
    public static Scale of(float min, float max) {
      if (!Float.isFinite(min) || !Float.isFinite(max)) {
        throw new IllegalArgumentException("no byte stands for %s or %s".formatted(min, max));
      }
      float low = Math.min(min, 0);
      float high = Math.max(max, 0);
      float step = high / LARGEST - low / LARGEST;
      // An activation that is always 0, or nearly so, can have any step.
      return step > 0 ? new Scale(step, Math.round(-low / step)) : new Scale(1, 0);
    }
  }

  public Quantization {
    activations = Map.copyOf(activations);
  }
}
