package io.tagstream.model.training;

import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;

/** The initial weights of a training. */
final class InitialWeights {
  private InitialWeights() {}

  /**
   * A parent's weights with the last layer that the child's classes need: the parent's, the
   * parent's rows followed by random ones, or a random one.
   *
   * @param parent closed when the result is closed
   * @param drawn random weights of the child's network
   */
  static Weights inherit(Weights parent, Weights drawn, ClassList.Origin classes) {
    NetworkDescription network = drawn.network();
    Dense last = network.dense().get(network.dense().size() - 1);
    Map<String, FloatBuffer> lastLayer = new HashMap<>();
    for (String name : new String[] {last.name() + ".weight", last.name() + ".bias"}) {
      FloatBuffer mine = drawn.get(name);
      switch (classes) {
        case REPLACED -> lastLayer.put(name, mine);
        // Rows are units, so the parent's values are the first of the longer tensor.
        case GROWN -> lastLayer.put(name, overlaid(mine, parent.get(name)));
        case PARENT -> lastLayer.put(name, parent.get(name));
        case IMAGES -> throw new IllegalArgumentException("classes without a parent");
      }
    }
    return replace(parent, network, lastLayer);
  }

  private static FloatBuffer overlaid(FloatBuffer below, FloatBuffer above) {
    FloatBuffer both =
        ByteBuffer.allocateDirect(below.remaining() * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    both.put(below).position(0).put(above);
    return both.clear();
  }

  /**
   * Replaces some weights of a network. Closing the result closes the old weights.
   *
   * @param network the network of the old weights, or one that differs only in the replaced tensors
   */
  static Weights replace(
      Weights old, NetworkDescription network, Map<String, FloatBuffer> replacements) {
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      FloatBuffer replacement = replacements.get(parameter.name());
      values.put(parameter.name(), replacement != null ? replacement : old.get(parameter.name()));
    }
    return new Weights(network, values, old::close);
  }
}
