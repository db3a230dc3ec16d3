package io.tagstream.model.network;

import io.tagstream.model.network.LocalResponseNormalization.Scope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a network is divided between two devices, as in the paper's section 3.5 and figure 2: each
 * has half of each layer's maps and units. A convolution of two groups reads the maps of its own
 * device only; a convolution of one group, and every dense layer, reads those of both.
 */
public record Towers(NetworkDescription network) {
  public static final int COUNT = 2;

  /**
   * Checks that the network can be halved; the number of classes may be odd.
   *
   * @throws IllegalArgumentException if a layer has another number of groups, an odd number of maps
   *     or units, or a single class
   */
  public Towers {
    List<Convolution> convolutions = network.convolutions();
    for (int i = 0; i < convolutions.size(); i++) {
      Convolution layer = convolutions.get(i);
      boolean whole = layer.groups() == 1;
      if (layer.channels() % COUNT != 0 || !(whole || (layer.groups() == COUNT && i > 0))) {
        throw new IllegalArgumentException(
            "%s cannot be divided into two towers: %d maps in %d groups"
                .formatted(layer.name(), layer.channels(), layer.groups()));
      }
    }
    if (network.classes() < COUNT) {
      throw new IllegalArgumentException(
          "a network with one class cannot be divided into two towers");
    }
    for (Dense layer : network.dense().subList(0, network.dense().size() - 1)) {
      if (layer.units() % COUNT != 0) {
        throw new IllegalArgumentException(
            "%s cannot be divided into two towers: %d units"
                .formatted(layer.name(), layer.units()));
      }
    }
  }

  /**
   * Whether a convolution reads both towers' maps. The first one reads the image, which both have.
   */
  public boolean readsBoth(int convolution) {
    return readsBoth(network, convolution);
  }

  /** The same, for a network that is known to be divisible. */
  static boolean readsBoth(NetworkDescription network, int convolution) {
    return convolution > 0 && network.convolutions().get(convolution).groups() == 1;
  }

  /**
   * The bytes that each tower sends to the other one in the forward pass of one image, by the layer
   * that waits for them; the logits are not included. In training the backward pass sends as many
   * bytes for the layers again. For a normalisation over all maps, training sends twice as many in
   * the forward pass and as many in the backward pass.
   */
  public Map<String, Long> exchangedBytes() {
    Map<String, Long> bytes = new LinkedHashMap<>();
    List<Integer> sides = network.sides();
    long outputs = 0;
    for (int i = 0; i < network.convolutions().size(); i++) {
      Convolution layer = network.convolutions().get(i);
      if (readsBoth(i)) {
        bytes.put(layer.name(), outputs / COUNT * Float.BYTES);
      }
      long maps = square(layer.convolvedSide(sides.get(i)));
      layer
          .normalization()
          .filter(lrn -> lrn.scope() == Scope.ALL && lrn.size() > 1)
          .map(lrn -> Math.min(lrn.size() / 2, layer.channels() / COUNT))
          .ifPresent(seen -> bytes.put(layer.name() + " lrn", seen * maps * Float.BYTES));
      outputs = layer.channels() * square(sides.get(i + 1));
    }
    for (Dense layer : network.dense()) {
      bytes.put(layer.name(), outputs / COUNT * Float.BYTES);
      outputs = layer.units();
    }
    return bytes;
  }

  /** The sum of {@link #exchangedBytes}. */
  public long exchangedBytesInAll() {
    return exchangedBytes().values().stream().mapToLong(Long::longValue).sum();
  }

  private static long square(int side) {
    return (long) side * side;
  }
}
