package io.tagstream.model.engine.samediff;

import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** Random weights with He's deviations, and biases other than 0, so that a lost one is detected. */
public final class RandomWeights {
  private RandomWeights() {}

  public static Weights of(NetworkDescription network, long seed) {
    Random random = new Random(seed);
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      FloatBuffer value = FloatBuffer.allocate((int) parameter.count());
      double fanIn = (double) parameter.count() / parameter.shape().get(0);
      double deviation = parameter.shape().size() == 1 ? 0.1 : Math.sqrt(2 / fanIn);
      while (value.hasRemaining()) {
        value.put((float) (deviation * random.nextGaussian()));
      }
      values.put(parameter.name(), value.flip());
    }
    return new Weights(network, values);
  }
}
