package io.tagstream.model.network;

import io.tagstream.model.network.LocalResponseNormalization.Scope;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The part of a network that one device computes: all of it, or one of its {@link Towers}. A tower
 * has the same layers with half of their maps and units, and half of each parameter.
 *
 * @param network the whole network
 * @param index of the device, from 0
 * @param count number of devices, 1 or 2
 */
public record DeviceShare(NetworkDescription network, int index, int count) {

  public DeviceShare {
    if (count < 1 || count > Towers.COUNT || index < 0 || index >= count) {
      throw new IllegalArgumentException("device %d of %d".formatted(index, count));
    }
  }

  /** The whole network, on one device. */
  public static DeviceShare whole(NetworkDescription network) {
    return new DeviceShare(network, 0, 1);
  }

  /**
   * The shares of both towers.
   *
   * @throws IllegalArgumentException if the network cannot be halved; the message names the layer
   */
  public static List<DeviceShare> towers(NetworkDescription network) {
    Towers towers = new Towers(network);
    return IntStream.range(0, Towers.COUNT)
        .mapToObj(i -> new DeviceShare(towers.network(), i, Towers.COUNT))
        .toList();
  }

  public boolean isTower() {
    return count > 1;
  }

  /**
   * The device's convolutions. A tower's convolutions have one group: they read all input maps that
   * the device has, which are its own or, where the convolution {@link #joins}, both towers'.
   */
  public List<Convolution> convolutions() {
    return network.convolutions().stream().map(this::own).toList();
  }

  private Convolution own(Convolution layer) {
    return isTower()
        ? new Convolution(
            layer.name(),
            own(layer.channels()),
            layer.kernel(),
            layer.stride(),
            layer.padding(),
            1,
            layer.activation(),
            layer.normalization().map(lrn -> lrn.in(Scope.ALL)),
            layer.pool())
        : layer;
  }

  /** The device's dense layers. If the number of classes is odd, the second tower has one more. */
  public List<Dense> dense() {
    return network.dense().stream()
        .map(
            layer ->
                new Dense(layer.name(), own(layer.units()), layer.activation(), layer.dropout()))
        .toList();
  }

  /** Whether the convolution at this index also reads the other tower's maps. */
  public boolean joins(int convolution) {
    return isTower() && Towers.readsBoth(network, convolution);
  }

  /** The number of input maps of the convolution at this index, on this device. */
  public int inputChannels(int convolution) {
    if (convolution == 0) {
      return NetworkDescription.INPUT_CHANNELS;
    }
    int all = network.convolutions().get(convolution - 1).channels();
    return isTower() && !joins(convolution) ? own(all) : all;
  }

  /**
   * The number of the other tower's channels that the normalisation of the convolution at this
   * index reads on each side; empty if it stays within the tower.
   */
  public Optional<Integer> neighbours(int convolution) {
    return network
        .convolutions()
        .get(convolution)
        .normalization()
        .filter(lrn -> isTower() && lrn.scope() == Scope.ALL && lrn.size() > 1)
        .map(lrn -> Math.min(lrn.size() / 2, convolutions().get(convolution).channels()));
  }

  /** The device's part of each parameter: a slice of the first dimension. */
  public List<Parameter> parameters() {
    return network.parameters().stream()
        .map(
            whole -> {
              List<Integer> shape = new ArrayList<>(whole.shape());
              shape.set(0, own(shape.get(0)));
              return new Parameter(whole.name(), whole.layer(), shape);
            })
        .toList();
  }

  /** Index of the device's first map or unit, of {@code channels} in a layer. */
  public int first(int channels) {
    return first(channels, index);
  }

  /** The number of maps or units that the device has, of {@code channels} in a layer. */
  public int own(int channels) {
    return first(channels, index + 1) - first(channels, index);
  }

  private int first(int channels, int tower) {
    return channels * tower / count;
  }

  /**
   * Views of the device's part of each parameter, by the parameter's name.
   *
   * @param whole returns a whole parameter, in ONNX's order
   */
  public Map<String, FloatBuffer> parts(Function<String, FloatBuffer> whole) {
    Map<String, FloatBuffer> parts = new HashMap<>();
    for (Parameter own : parameters()) {
      FloatBuffer all = whole.apply(own.name());
      int length = Math.toIntExact(own.count());
      int unit = length / own.shape().get(0);
      parts.put(own.name(), all.slice(first(all.remaining() / unit) * unit, length));
    }
    return parts;
  }
}
