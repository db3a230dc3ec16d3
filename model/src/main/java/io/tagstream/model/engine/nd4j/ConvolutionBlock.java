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
 * A convolution and the layers that follow it up to and including pooling, with the arrays between
 * them, {@code [crops][side][side][channels]}.
 */
final class ConvolutionBlock implements AutoCloseable {
  private final Convolution layer;
  private final List<DirectWeights.Layer> groups;
  private final int outputSide;
  private final INDArray activations;
  private final Optional<INDArray> normalized;
  private final Optional<Padding> padding;
  private final Optional<TowerNormalization> towerNormalization;

  /**
   * The maps padded after their last row and column with values that are never a maximum. The
   * pooling op itself can only pad both sides equally.
   */
  private record Padding(INDArray widths, INDArray padded) {
    static Padding of(int capacity, int side, int channels, int end) {
      return new Padding(
          Nd4j.createFromArray(new int[][] {{0, 0}, {0, end}, {0, end}, {0, 0}}),
          DirectWeights.allocate(capacity, side + end, side + end, channels));
    }
  }

  /**
   * @param groups the layer's weights by group
   * @param capacity crops for which the arrays have room
   * @param towerNormalization normalises across both towers; closed with the block
   */
  ConvolutionBlock(
      Convolution layer,
      List<DirectWeights.Layer> groups,
      int inputSide,
      int capacity,
      Optional<TowerNormalization> towerNormalization) {
    this.layer = layer;
    this.towerNormalization = towerNormalization;
    this.groups = groups;
    int side = layer.convolvedSide(inputSide);
    int channels = layer.channels();
    outputSide = layer.outputSide(inputSide);
    activations = DirectWeights.allocate(capacity, side, side, channels);
    normalized =
        layer.normalization().map(lrn -> DirectWeights.allocate(capacity, side, side, channels));
    padding =
        layer
            .pool()
            .map(MaxPool::endPadding)
            .filter(end -> end > 0)
            .map(end -> Padding.of(capacity, side, channels, end));
  }

  /** Allocates the block's output, {@code [crops][side][side][channels]}; the caller closes it. */
  INDArray allocateOutput(int crops) {
    return DirectWeights.allocate(crops, outputSide, outputSide, layer.channels());
  }

  /**
   * The ops up to the input of the pooling, for some of the crops.
   *
   * @param input these crops
   * @param at index of the first crop in the block's arrays
   */
  List<Runnable> ops(INDArray input, int at) {
    int size = (int) input.size(0);
    List<Runnable> ops = new ArrayList<>();
    INDArray maps = activations(at, size);
    addConvolution(ops, input, maps);
    BoundOp.activation(layer.activation(), maps).ifPresent(ops::add);
    INDArray last = maps;
    if (normalized.isPresent()) {
      LocalResponseNormalization lrn = layer.normalization().orElseThrow();
      last = DirectWeights.rows(normalized.get(), at, size);
      ops.add(
          towerNormalization.isPresent()
              ? towerNormalization.get().normalize(activations, normalized.get(), at, size)
              : BoundOp.normalization(maps, last, lrn));
    }
    if (padding.isPresent()) {
      INDArray padded = pooled(at, size);
      ops.add(BoundOp.padAtEnd(last, padding.get().widths(), padded, -Float.MAX_VALUE));
    }
    return ops;
  }

  /** The last op, pooling or a copy, which writes the block's output. */
  BoundOp outputOp(INDArray output, int at) {
    INDArray from = pooled(at, (int) output.size(0));
    return layer
        .pool()
        .map(pool -> BoundOp.maxPool(from, output, pool.size(), pool.stride()))
        .orElseGet(() -> BoundOp.copy(from, output));
  }

  /** The output of the activation function, before normalisation, for all crops. */
  INDArray activations() {
    return activations;
  }

  /** The same for {@code size} crops from {@code at} on, as a view. */
  INDArray activations(int at, int size) {
    return DirectWeights.rows(activations, at, size);
  }

  /** Present if the layer is normalised together with the other tower's maps. */
  Optional<TowerNormalization> towerNormalization() {
    return towerNormalization;
  }

  /** The input of the pooling, for some crops, as a view. */
  INDArray pooled(int at, int size) {
    INDArray whole = padding.map(Padding::padded).orElse(normalized.orElse(activations));
    return DirectWeights.rows(whole, at, size);
  }

  private void addConvolution(List<Runnable> ops, INDArray input, INDArray maps) {
    if (groups.size() == 1) {
      ops.add(convolution(groups.get(0), input, maps, true));
      return;
    }
    for (int group = 0; group < groups.size(); group++) {
      ops.add(
          convolution(
              groups.get(group),
              channels(input, group, groups.size()),
              channels(maps, group, groups.size()),
              false));
    }
  }

  private BoundOp convolution(
      DirectWeights.Layer group, INDArray input, INDArray maps, boolean channelsLast) {
    return BoundOp.convolution(
        input, group.weights(), group.bias(), maps, layer.stride(), layer.padding(), channelsLast);
  }

  /**
   * A group's channels as {@code [n][channels][side][side]}, without copying. Given as a strided
   * {@code [n][side][side][channels]} array, the op computes wrong numbers or crashes.
   */
  static INDArray channels(INDArray array, int group, int groups) {
    long size = array.size(3) / groups;
    return array
        .get(all(), all(), all(), interval(group * size, (group + 1) * size))
        .permute(0, 3, 1, 2);
  }

  @Override
  public void close() {
    activations.close();
    normalized.ifPresent(INDArray::close);
    towerNormalization.ifPresent(TowerNormalization::close);
    padding.ifPresent(
        p -> {
          p.widths().close();
          p.padded().close();
        });
  }
}
