package io.tagstream.model.onnx;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Networks of a few hundred parameters with all the features of the paper's. */
public final class TinyNetworks {
  private TinyNetworks() {}

  /** Groups, both activations, normalisation with odd constants, overlapping and padded pooling. */
  public static NetworkDescription everything() {
    return new NetworkDescription(
        19,
        List.of(
            new Convolution(
                "conv1",
                4,
                5,
                2,
                0,
                1,
                Activation.RELU,
                Optional.of(new LocalResponseNormalization(3, 1.5, 0.02, 0.6)),
                Optional.of(new MaxPool(3, 2, 0))),
            new Convolution(
                "conv2",
                6,
                3,
                1,
                1,
                2,
                Activation.TANH,
                Optional.empty(),
                Optional.of(new MaxPool(2, 2, 1)))),
        List.of(
            new Dense("fc6", 8, Activation.RELU, 0.5),
            new Dense("fc7", 5, Activation.RELU, 0.25),
            new Dense("fc8", 3, Activation.IDENTITY, 0)));
  }

  /** Normal numbers of deviation 0.5, the same for the same seed on every machine. */
  public static Weights weights(NetworkDescription network, long seed) {
    Random random = new Random(seed);
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      FloatBuffer numbers =
          ByteBuffer.allocateDirect((int) parameter.count() * Float.BYTES)
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
      while (numbers.hasRemaining()) {
        numbers.put((float) (0.5 * random.nextGaussian()));
      }
      values.put(parameter.name(), numbers.flip());
    }
    return new Weights(network, values);
  }
}
