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

/** What a training begins with. */
final class FirstWeights {
  private FirstWeights() {}

  /**
   * A parent's weights with the last layer that its child's classes need: its own, its own rows and
   * drawn ones below them, or a drawn one.
   *
   * @param parent closed with what is returned
   * @param drawn of the child's network
   */
  static Weights inherit(Weights parent, Weights drawn, ClassList.Origin classes) {
    NetworkDescription network = drawn.network();
    Dense last = network.dense().get(network.dense().size() - 1);
    Map<String, FloatBuffer> lastLayer = new HashMap<>();
    for (String name : new String[] {last.name() + ".weight", last.name() + ".bias"}) {
      FloatBuffer mine = drawn.get(name);
      switch (classes) {
        case REPLACED -> lastLayer.put(name, mine);
        // Rows are units, so the parent's numbers are the first of the longer tensor.
        case GROWN -> lastLayer.put(name, overlaid(mine, parent.get(name)));
        case PARENT -> lastLayer.put(name, parent.get(name));
        case IMAGES -> throw new IllegalArgumentException("classes of no parent");
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
   * Weights for a network, some of them new. Closing them closes the old ones.
   *
   * @param network the old weights' own, or one that differs where the new ones are
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
