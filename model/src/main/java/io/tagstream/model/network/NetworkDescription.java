package io.tagstream.model.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * An AlexNet as data. Engines, trainer, ONNX file and table of layers are all derived from it.
 *
 * @param inputSize S, the side of the square RGB input in pixels
 * @param convolutions first to last
 * @param dense first to last; the units of the last one are the classes, and its output is the
 *     input of a softmax
 */
public record NetworkDescription(int inputSize, List<Convolution> convolutions, List<Dense> dense) {

  /** Red, green, blue. */
  public static final int INPUT_CHANNELS = 3;

  public NetworkDescription {
    convolutions = List.copyOf(convolutions);
    dense = List.copyOf(dense);
    if (convolutions.isEmpty() || dense.size() < 2) {
      throw new IllegalArgumentException(
          "a network needs a convolution and two dense layers, the last for the classes");
    }
    int channels = INPUT_CHANNELS;
    for (Convolution layer : convolutions) {
      if (channels % layer.groups() != 0) {
        throw new IllegalArgumentException(
            "%s: %d input channels do not split into %d groups"
                .formatted(layer.name(), channels, layer.groups()));
      }
      channels = layer.channels();
    }
  }

  /**
   * The network of the paper's section 3.5 (NIPS 2012), with an input of 227 (its "224" is a slip).
   */
  public static NetworkDescription alexNet(int classes) {
    return alexNet(classes, 1);
  }

  /**
   * The same layers with each width multiplied: by a quarter for experiments with many runs, by
   * less for tests.
   *
   * @param width factor on feature maps and units; widths are rounded to multiples of 4, so that
   *     they can be divided into two groups
   */
  public static NetworkDescription alexNet(int classes, double width) {
    Optional<LocalResponseNormalization> lrn = Optional.of(LocalResponseNormalization.PAPER);
    Optional<MaxPool> pool = Optional.of(MaxPool.PAPER);
    Activation relu = Activation.RELU;
    return new NetworkDescription(
        227,
        List.of(
            new Convolution("conv1", scale(96, width), 11, 4, 0, 1, relu, lrn, pool),
            new Convolution("conv2", scale(256, width), 5, 1, 2, 2, relu, lrn, pool),
            new Convolution(
                "conv3", scale(384, width), 3, 1, 1, 1, relu, Optional.empty(), Optional.empty()),
            new Convolution(
                "conv4", scale(384, width), 3, 1, 1, 2, relu, Optional.empty(), Optional.empty()),
            new Convolution("conv5", scale(256, width), 3, 1, 1, 2, relu, Optional.empty(), pool)),
        List.of(
            new Dense("fc6", scale(4096, width), relu, 0.5),
            new Dense("fc7", scale(4096, width), relu, 0.5),
            new Dense("fc8", classes, Activation.IDENTITY, 0)));
  }

  public int classes() {
    return dense.get(dense.size() - 1).units();
  }

  /** Units of the layer before the last, whose activations are the {@code features} (fc7: 4096). */
  public int features() {
    return dense.get(dense.size() - 2).units();
  }

  /**
   * The side of the square input maps of each convolution, and last that of the last one's output
   * maps, in pixels. The paper's are 227, 27, 13, 13, 13, 6.
   *
   * @throws IllegalArgumentException if the input is too small for the layers
   */
  public List<Integer> sides() {
    List<Integer> sides = new ArrayList<>();
    int side = inputSize;
    for (Convolution layer : convolutions) {
      sides.add(side);
      side = layer.outputSide(side);
    }
    sides.add(side);
    return sides;
  }

  /** The number of weights and biases. */
  public long parameterCount() {
    return parameters().stream().mapToLong(Parameter::count).sum();
  }

  /** The weights and the biases of each layer, first to last. */
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>();
    int channels = INPUT_CHANNELS;
    for (Convolution layer : convolutions) {
      addLayer(
          parameters,
          layer.name(),
          List.of(layer.channels(), channels / layer.groups(), layer.kernel(), layer.kernel()));
      channels = layer.channels();
    }
    int side = sides().get(convolutions.size());
    int inputs = channels * side * side;
    for (Dense layer : dense) {
      addLayer(parameters, layer.name(), List.of(layer.units(), inputs));
      inputs = layer.units();
    }
    return parameters;
  }

  private static void addLayer(List<Parameter> parameters, String layer, List<Integer> shape) {
    parameters.add(new Parameter(layer + ".weight", layer, shape));
    parameters.add(new Parameter(layer + ".bias", layer, shape.subList(0, 1)));
  }

  public NetworkDescription withClasses(int classes) {
    List<Dense> layers = new ArrayList<>(dense);
    Dense last = layers.remove(layers.size() - 1);
    layers.add(new Dense(last.name(), classes, last.activation(), last.dropout()));
    return new NetworkDescription(inputSize, convolutions, layers);
  }

  public NetworkDescription withConvolutions(UnaryOperator<Convolution> change) {
    return new NetworkDescription(inputSize, convolutions.stream().map(change).toList(), dense);
  }

  /** The same network with normalisations over other channels. */
  public NetworkDescription normalizing(LocalResponseNormalization.Scope scope) {
    return withConvolutions(
        layer -> layer.withNormalization(layer.normalization().map(lrn -> lrn.in(scope))));
  }

  private static int scale(int channels, double width) {
    return (int) Math.max(4, Math.round(channels * width / 4) * 4);
  }
}
