package io.tagstream.model.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.nd4j.shade.protobuf.CodedOutputStream;

/**
 * A layer's weights as whole numbers: each output channel has a step of its own, such that its
 * largest weight is 127 steps. The first dimension is the output channels, in a convolution's
 * weights as in a dense layer's.
 */
final class IntegerWeights {
  private static final int LARGEST = 127;

  private final FloatBuffer weights;
  private final int perChannel;
  private final float[] steps;

  /**
   * @param weights {@code [channels][…]}
   */
  IntegerWeights(FloatBuffer weights, int channels) {
    this.weights = weights;
    perChannel = weights.remaining() / channels;
    steps = new float[channels];
    float[] channel = new float[perChannel];
    for (int i = 0; i < channels; i++) {
      weights.get(i * perChannel, channel);
      float largest = 0;
      for (float weight : channel) {
        largest = Math.max(largest, Math.abs(weight));
      }
      // A channel of zeros can have any step.
      steps[i] = largest > 0 ? shortened(largest / LARGEST) : 1;
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

  int count() {
    return weights.remaining();
  }

  /** Writes them, a byte each. */
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
   * Biases in the steps of the sums they are added to: an input's step times the channel's.
   *
   * @param biases {@code [channels]}
   */
  int[] biases(FloatBuffer biases, float inputStep) {
    int[] whole = new int[steps.length];
    for (int i = 0; i < whole.length; i++) {
      whole[i] = Math.round(biases.get(i) / (inputStep * steps[i]));
    }
    return whole;
  }

  /**
   * The numbers that whole ones stand for.
   *
   * @param whole {@code [channels][…]}, one a byte or, when {@code bytesEach} is 4, an int
   * @param steps one a channel
   * @param numbers room for as many
   */
  static void widen(ByteBuffer whole, int bytesEach, float[] steps, FloatBuffer numbers) {
    int perChannel = numbers.remaining() / steps.length;
    for (float step : steps) {
      for (int i = 0; i < perChannel; i++) {
        numbers.put(step * (bytesEach == 1 ? whole.get() : whole.getInt()));
      }
    }
  }
}
