package io.tagstream.model.engine.nd4j;

import static org.nd4j.linalg.indexing.NDArrayIndex.all;
import static org.nd4j.linalg.indexing.NDArrayIndex.interval;

import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A convolution with what follows it up to pooling, and the arrays in between, {@code
 * [crops][side][side][channels]}.
 */
final class ConvolutionBlock implements AutoCloseable {
  private final Convolution layer;
  private final List<DirectWeights.Layer> groups;
  private final int outputSide;
  private final INDArray sums;
  private final Optional<INDArray> normalized;
  private final Optional<Padding> padding;
  private final Optional<Seam> seam;

  /**
   * The maps with rows and columns at their end that no maximum comes from: the op's own padding is
   * the same on both sides.
   */
  private record Padding(INDArray widths, INDArray padded) {
    static Padding of(int capacity, int side, int channels, int end) {
      return new Padding(
          Nd4j.createFromArray(new int[][] {{0, 0}, {0, end}, {0, end}, {0, 0}}),
          DirectWeights.allocate(capacity, side + end, side + end, channels));
    }
  }

  /**
   * Allocates.
   *
   * @param groups the layer's weights
   * @param seam closed with the block
   */
  ConvolutionBlock(
      Convolution layer,
      List<DirectWeights.Layer> groups,
      int inputSide,
      int capacity,
      Optional<Seam> seam) {
    this.layer = layer;
    this.seam = seam;
    this.groups = groups;
    int side = layer.convolvedSide(inputSide);
    int channels = layer.channels();
    outputSide = layer.outputSide(inputSide);
    sums = DirectWeights.allocate(capacity, side, side, channels);
    normalized =
        layer.normalization().map(lrn -> DirectWeights.allocate(capacity, side, side, channels));
    padding =
        layer
            .pool()
            .map(MaxPool::endPadding)
            .filter(end -> end > 0)
            .map(end -> Padding.of(capacity, side, channels, end));
  }

  /** An array for the block's output. */
  INDArray allocateOutput(int crops) {
    return DirectWeights.allocate(crops, outputSide, outputSide, layer.channels());
  }

  /**
   * The steps for some of the crops.
   *
   * @param input as many crops
   * @param at the first one's position in the arrays
   */
  List<Runnable> steps(INDArray input, int at) {
    int size = (int) input.size(0);
    List<Runnable> steps = new ArrayList<>();
    INDArray sum = activations(at, size);
    addConvolution(steps, input, sum);
    Step.activation(layer.activation(), sum).ifPresent(steps::add);
    INDArray last = sum;
    if (normalized.isPresent()) {
      LocalResponseNormalization lrn = layer.normalization().orElseThrow();
      last = DirectWeights.rows(normalized.get(), at, size);
      steps.add(
          seam.isPresent()
              ? seam.get().normalize(sums, normalized.get(), at, size)
              : Step.normalization(sum, last, lrn));
    }
    if (padding.isPresent()) {
      INDArray padded = pooled(at, size);
      steps.add(Step.padAtEnd(last, padding.get().widths(), padded, -Float.MAX_VALUE));
    }
    return steps;
  }

  /** The step after those, which fills the block's output. */
  Step outputStep(INDArray output, int at) {
    INDArray from = pooled(at, (int) output.size(0));
    return layer
        .pool()
        .map(pool -> Step.maxPool(from, output, pool.size(), pool.stride()))
        .orElseGet(() -> Step.copy(from, output));
  }

  /** The sums after the activation, before normalisation, of all crops. */
  INDArray activations() {
    return sums;
  }

  /** The same of some crops. */
  INDArray activations(int at, int size) {
    return DirectWeights.rows(sums, at, size);
  }

  /** Where the layer is normalised together with the other tower's maps. */
  Optional<Seam> seam() {
    return seam;
  }

  /** What the pooling reads. */
  INDArray pooled(int at, int size) {
    INDArray whole = padding.map(Padding::padded).orElse(normalized.orElse(sums));
    return DirectWeights.rows(whole, at, size);
  }

  private void addConvolution(List<Runnable> steps, INDArray input, INDArray sum) {
    if (groups.size() == 1) {
      steps.add(convolution(groups.get(0), input, sum, true));
      return;
    }
    for (int group = 0; group < groups.size(); group++) {
      steps.add(
          convolution(
              groups.get(group),
              channels(input, group, groups.size()),
              channels(sum, group, groups.size()),
              false));
    }
  }

  private Step convolution(
      DirectWeights.Layer group, INDArray input, INDArray sum, boolean channelsLast) {
    return Step.convolution(
        input, group.weights(), group.bias(), sum, layer.stride(), layer.padding(), channelsLast);
  }

  /**
   * A group's channels as {@code [n][channels][side][side]}, without copying. Told as a strided
   * {@code [n][side][side][channels]} instead, the op computes wrong numbers or crashes.
   */
  static INDArray channels(INDArray array, int group, int groups) {
    long size = array.size(3) / groups;
    return array
        .get(all(), all(), all(), interval(group * size, (group + 1) * size))
        .permute(0, 3, 1, 2);
  }

  @Override
  public void close() {
    sums.close();
    normalized.ifPresent(INDArray::close);
    seam.ifPresent(Seam::close);
    padding.ifPresent(
        p -> {
          p.widths().close();
          p.padded().close();
        });
  }
}
