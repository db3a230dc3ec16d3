package io.tagstream.model.onnx;

import io.tagstream.model.Throttle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.nd4j.shade.protobuf.CodedOutputStream;

/**
 * A layer's weights as int8. Each output channel has its own step, chosen so that its largest
 * weight is 127 steps. The first dimension is the output channels, both in a convolution and in a
 * dense layer.
 *
 * <p>A bias is counted in the steps of the pre-activations, which are the input's step times the
 * channel's. If a channel's weights are tiny compared with its bias, the bias would not fit into 32
 * bits; then the channel's step is larger.
 */
final class IntegerWeights {
  private static final int LARGEST = 127;

  /** Well within 32 bits, and exact as a float. */
  private static final int LARGEST_BIAS = 1 << 22;

  private final FloatBuffer weights;
  private final int perChannel;
  private final float[] steps;
  private final int[] biases;

  /**
   * @param weights {@code [channels][…]}
   * @param biases {@code [channels]}
   * @param inputStep the step of the layer's input
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
   * Rounds a step up to 16 binary digits. Then 127 steps are exact, so that weights which were
   * quantized before get the same steps again.
   */
  private static float shortened(float step) {
    return Float.intBitsToFloat((Float.floatToIntBits(step) + 0xff) & ~0xff);
  }

  /** The step of each output channel. */
  float[] steps() {
    return steps.clone();
  }

  /** The bias of each output channel, in steps of the input's step times the channel's. */
  int[] biases() {
    return biases.clone();
  }

  int count() {
    return weights.remaining();
  }

  /** Writes the weights, one byte each. */
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
   * Converts integers to the numbers that they represent.
   *
   * @param whole {@code [channels][…]}, bytes if {@code bytesEach} is 1, ints if it is 4
   * @param steps one per channel
   * @param numbers written, with as many elements
   * @param throttle paused after each channel
   */
  static void dequantize(
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
