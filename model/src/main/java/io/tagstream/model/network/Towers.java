package io.tagstream.model.network;

import io.tagstream.model.network.LocalResponseNormalization.Scope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a network lies on two devices, half of each layer's maps and units on either, as the paper's
 * section 3.5 and figure 2 have it. A convolution of two groups stays on its device; one of a
 * single group and every dense layer reads what both have.
 */
public record Towers(NetworkDescription network) {
  public static final int COUNT = 2;

  /**
   * Checks that it can be halved; the last layer's classes need not be even.
   *
   * @throws IllegalArgumentException when a layer has another number of groups, an odd number of
   *     maps or units, or a single class
   */
  public Towers {
    List<Convolution> convolutions = network.convolutions();
    for (int i = 0; i < convolutions.size(); i++) {
      Convolution layer = convolutions.get(i);
      boolean whole = layer.groups() == 1;
      if (layer.channels() % COUNT != 0 || !(whole || (layer.groups() == COUNT && i > 0))) {
        throw new IllegalArgumentException(
            "%s has no two towers: %d maps in %d groups"
                .formatted(layer.name(), layer.channels(), layer.groups()));
      }
    }
    if (network.classes() < COUNT) {
      throw new IllegalArgumentException("a network of one class has no two towers");
    }
    for (Dense layer : network.dense().subList(0, network.dense().size() - 1)) {
      if (layer.units() % COUNT != 0) {
        throw new IllegalArgumentException(
            "%s has no two towers: %d units".formatted(layer.name(), layer.units()));
      }
    }
  }

  /** Whether a convolution reads both towers' maps; the first reads the image, which both have. */
  public boolean readsBoth(int convolution) {
    return readsBoth(network, convolution);
  }

  /** The same of a network that can be halved. */
  static boolean readsBoth(NetworkDescription network, int convolution) {
    return convolution > 0 && network.convolutions().get(convolution).groups() == 1;
  }

  /**
   * What each tower sends to the other one on an image's way forward, in bytes, by the layer that
   * waits for it, the answers not among them. In training as much comes back for the layers, and at
   * a normalisation over all maps twice as much goes forward and once as much comes back.
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

  /** All of {@link #exchangedBytes}. */
  public long exchangedBytesInAll() {
    return exchangedBytes().values().stream().mapToLong(Long::longValue).sum();
  }

  private static long square(int side) {
    return (long) side * side;
  }
}
