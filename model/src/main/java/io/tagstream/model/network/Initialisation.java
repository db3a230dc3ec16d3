package io.tagstream.model.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGenerator.SplittableGenerator;
import java.util.random.RandomGeneratorFactory;

/** The distribution of a network's parameters before training. */
public enum Initialisation {
  /**
   * The paper's section 5: N(0, 0.01), biases 1 in the second, fourth and fifth convolution and in
   * the hidden dense layers, otherwise 0. In a network of w times the paper's width the deviation
   * is 0.01 / sqrt(w) in all layers but the first, so that pre-activations of fewer terms have the
   * paper's variance.
   */
  PAPER {
    @Override
    double deviation(NetworkDescription network, Parameter weight) {
      Convolution first = network.convolutions().get(0);
      boolean ofPixels = weight.layer().equals(first.name());
      return ofPixels
          ? PAPER_DEVIATION
          : PAPER_DEVIATION * Math.sqrt((double) PAPER_MAPS / first.channels());
    }

    @Override
    float bias(NetworkDescription network, String layer) {
      int index = layers(network).indexOf(layer);
      boolean last = index == layers(network).size() - 1;
      boolean dense = index >= network.convolutions().size();
      return dense ? (last ? 0 : 1) : PAPER_ONES.contains(index) ? 1 : 0;
    }
  },
  /**
   * N(0, sqrt(2 / fan-in)), which keeps the variance through ReLUs (He et al., 2015); N(0, 0.01) in
   * the last layer, so that the first predictions are undecided; biases 0.
   */
  HE {
    @Override
    double deviation(NetworkDescription network, Parameter weight) {
      boolean last = layers(network).indexOf(weight.layer()) == layers(network).size() - 1;
      return last ? PAPER_DEVIATION : Math.sqrt(2.0 * weight.shape().get(0) / weight.count());
    }

    @Override
    float bias(NetworkDescription network, String layer) {
      return 0;
    }
  };

  private static final double PAPER_DEVIATION = 0.01;

  /** The maps of the paper's first layer. */
  private static final int PAPER_MAPS = 96;

  /** Indices of the paper's convolutions whose biases start at 1. */
  private static final List<Integer> PAPER_ONES = List.of(1, 3, 4);

  private static final int BLOCK = 8192;

  abstract double deviation(NetworkDescription network, Parameter weight);

  abstract float bias(NetworkDescription network, String layer);

  /** Draws a network's parameters, the same ones for the same seed. */
  public Weights draw(NetworkDescription network, long seed) {
    SplittableGenerator root =
        RandomGeneratorFactory.<SplittableGenerator>of("L64X128MixRandom").create(seed);
    Map<String, FloatBuffer> values = new LinkedHashMap<>();
    for (Parameter parameter : network.parameters()) {
      // One random stream per parameter: the size of a layer does not change the others' numbers.
      RandomGenerator random = root.split();
      FloatBuffer value = allocate(parameter);
      if (parameter.shape().size() == 1) {
        fill(value, bias(network, parameter.layer()));
      } else {
        fillNormal(value, random, (float) deviation(network, parameter));
      }
      values.put(parameter.name(), value.flip());
    }
    return new Weights(network, values);
  }

  private static FloatBuffer allocate(Parameter parameter) {
    return ByteBuffer.allocateDirect(Math.toIntExact(parameter.count() * Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private static void fill(FloatBuffer buffer, float value) {
    while (buffer.hasRemaining()) {
      buffer.put(value);
    }
  }

  private static void fillNormal(FloatBuffer buffer, RandomGenerator random, float deviation) {
    float[] block = new float[BLOCK];
    while (buffer.hasRemaining()) {
      int length = Math.min(BLOCK, buffer.remaining());
      for (int i = 0; i < length; i++) {
        block[i] = (float) random.nextGaussian() * deviation;
      }
      buffer.put(block, 0, length);
    }
  }

  private static List<String> layers(NetworkDescription network) {
    return network.parameters().stream().map(Parameter::layer).distinct().toList();
  }
}
