package io.tagstream.model.onnx;

import io.tagstream.model.Throttle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.nd4j.shade.protobuf.CodedOutputStream;

/**
 * A layer's weights as whole numbers: each output channel has a step of its own, such that its
 * largest weight is 127 steps. The first dimension is the output channels, in a convolution's
 * weights as in a dense layer's.
 *
 * <p>A bias counts in the steps of the sums it is added to, an input's step times the channel's.
 * Where weights are next to nothing beside their bias it would not fit into 32 bits, so the
 * channel's step is larger there.
 */
final class IntegerWeights {
  private static final int LARGEST = 127;

  /** Far from what 32 bits hold, and exact as a float. */
  private static final int LARGEST_BIAS = 1 << 22;

  private final FloatBuffer weights;
  private final int perChannel;
  private final float[] steps;
  private final int[] biases;

  /**
   * @param weights {@code [channels][…]}
   * @param biases {@code [channels]}
   * @param inputStep of the numbers that the weights are multiplied with
   */
  IntegerWeights(FloatBuffer weights, FloatBuffer biases, float inputStep) {
    int channels = biases.remaining();
    this.weights = weights;
    this.perChannel = weights.remaining() / channels;
    this.steps = new float[channels];
    this.biases = new int[channels];
    float[] channel = new float[perChannel];
    for (int i = 0; i < channels; i++) {
      weights.get(i * perChannel, channel);
      float largest = 0;
      for (float weight : channel) {
        largest = Math.max(largest, Math.abs(weight));
      }
      float bias = biases.get(i);
      float step = Math.max(largest / LARGEST, Math.abs(bias) / inputStep / LARGEST_BIAS);
      steps[i] = step > 0 ? shortened(step) : 1;
      this.biases[i] = Math.round(bias / (inputStep * steps[i]));
    }
  }

  /**
   * The next number of 16 binary digits: 127 of it is then exact, so that weights that were rounded
   * and are written again have the steps they had.
   */
  private static float shortened(float step) {
    return Float.intBitsToFloat((Float.floatToIntBits(step) + 0xff) & ~0xff);
  }

  /** One an output channel. */
  float[] steps() {
    return steps.clone();
  }

  /** One an output channel, each in steps of its own: the input's times the channel's. */
  int[] biases() {
    return biases.clone();
  }

  int count() {
    return weights.remaining();
  }

  /** Writes the weights, a byte each. */
  void writeTo(CodedOutputStream file) throws IOException {
    float[] channel = new float[perChannel];
    byte[] bytes = new byte[perChannel];
    for (int i = 0; i < steps.length; i++) {
      weights.get(i * perChannel, channel);
      for (int j = 0; j < perChannel; j++) {
        bytes[j] = (byte) Math.round(channel[j] / steps[i]);
      }
      file.writeRawBytes(bytes);
    }
  }

  /**
   * The numbers that whole ones stand for.
   *
   * @param whole {@code [channels][…]}, one a byte or, when {@code bytesEach} is 4, an int
   * @param steps one a channel
   * @param numbers room for as many
   * @param throttle asked for pauses
   */
  static void widen(
      ByteBuffer whole, int bytesEach, float[] steps, FloatBuffer numbers, Throttle throttle) {
    int perChannel = numbers.remaining() / steps.length;
    for (float step : steps) {
      for (int i = 0; i < perChannel; i++) {
        numbers.put(step * (bytesEach == 1 ? whole.get() : whole.getInt()));
      }
      throttle.pause();
    }
  }
}
