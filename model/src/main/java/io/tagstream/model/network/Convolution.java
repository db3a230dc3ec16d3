package io.tagstream.model.network;

import java.util.Objects;
import java.util.Optional;

/**
 * A convolution and the operations that follow it, in the paper's order (section 3.5):
 * pre-activation, activation, normalisation, pooling. Its weights are {@code
 * [channels][inputChannels / groups][kernel][kernel]}.
 *
 * @param name the paper's: conv1 to conv5
 * @param channels feature maps that it computes, in all groups
 * @param kernel the side of its square kernels in pixels
 * @param stride pixels between positions
 * @param padding rows and columns of zeros on every side
 * @param groups 2 if each of the paper's GPUs reads only its half of the input, otherwise 1
 */
public record Convolution(
    String name,
    int channels,
    int kernel,
    int stride,
    int padding,
    int groups,
    Activation activation,
    Optional<LocalResponseNormalization> normalization,
    Optional<MaxPool> pool) {

  public Convolution {
    Objects.requireNonNull(name);
    Objects.requireNonNull(activation);
    Objects.requireNonNull(normalization);
    Objects.requireNonNull(pool);
    if (channels < 1 || kernel < 1 || stride < 1 || padding < 0 || groups < 1) {
      throw new IllegalArgumentException(name + ": sizes must be positive");
    }
    if (channels % groups != 0) {
      throw new IllegalArgumentException(
          "%s: %d channels do not split into %d groups".formatted(name, channels, groups));
    }
    int parts = normalization.map(lrn -> lrn.scope().parts()).orElse(1);
    if (channels % parts != 0) {
      throw new IllegalArgumentException(
          "%s: %d channels are not normalised in %d parts".formatted(name, channels, parts));
    }
  }

  /**
   * The side of the square feature maps before pooling, in pixels.
   *
   * @param inputSide the side of the input maps, in pixels
   */
  public int convolvedSide(int inputSide) {
    int side = (inputSide + 2 * padding - kernel) / stride + 1;
    if (inputSide + 2 * padding < kernel) {
      throw new IllegalArgumentException(
          "%s: a kernel of %d does not fit into an input of %d".formatted(name, kernel, inputSide));
    }
    return side;
  }

  /**
   * The side of the square feature maps after pooling, in pixels.
   *
   * @param inputSide the side of the input maps, in pixels
   */
  public int outputSide(int inputSide) {
    int side = convolvedSide(inputSide);
    return pool.map(p -> p.outputSide(side)).orElse(side);
  }

  public Convolution withChannels(int other) {
    return new Convolution(
        name, other, kernel, stride, padding, groups, activation, normalization, pool);
  }

  public Convolution withActivation(Activation other) {
    return new Convolution(
        name, channels, kernel, stride, padding, groups, other, normalization, pool);
  }

  public Convolution withNormalization(Optional<LocalResponseNormalization> other) {
    return new Convolution(
        name, channels, kernel, stride, padding, groups, activation, other, pool);
  }

  public Convolution withPool(Optional<MaxPool> other) {
    return new Convolution(
        name, channels, kernel, stride, padding, groups, activation, normalization, other);
  }

  public Convolution withGroups(int other) {
    return new Convolution(
        name, channels, kernel, stride, padding, other, activation, normalization, pool);
  }
}
