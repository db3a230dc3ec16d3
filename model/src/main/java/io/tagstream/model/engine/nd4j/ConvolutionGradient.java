package io.tagstream.model.engine.nd4j;

import static org.nd4j.linalg.indexing.NDArrayIndex.all;
import static org.nd4j.linalg.indexing.NDArrayIndex.interval;

import io.tagstream.model.engine.Workers;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.MaxPool;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The backward pass through a {@link ConvolutionBlock}, chunk by chunk. It sums the gradients of
 * the block's parameters.
 */
final class ConvolutionGradient implements AutoCloseable {
  private final Convolution layer;
  private final List<DirectWeights.Layer> groups;
  private final ConvolutionBlock block;
  private final INDArray input;
  private final Optional<INDArray> inputGradient;
  private final boolean kernelsTrain;
  private final int outputSide;
  private final int side;
  private final PreActivationGradient preActivations;

  /** By the block's output, for one chunk: {@code [chunk][side][side][channels]}. */
  private final INDArray outputGradient;

  /** By the pre-activations; without pooling the same array as {@link #outputGradient}. */
  private final INDArray preActivationGradient;

  private final Optional<INDArray> paddedGradient;

  /** Replaces the op that computes both gradients if no layer below trains. */
  private final Optional<KernelGradient> kernelsAlone;

  private final List<GroupGradient> kernelGradients = new ArrayList<>();
  private final float[] biasGradient;
  private final float[][] biasSums;
  private final Map<Place, Ops> ops = new HashMap<>();

  /** The kernels' gradient for one group: of one chunk, and summed over the batch so far. */
  private record GroupGradient(INDArray chunk, INDArray sum) {}

  private record Place(int at, int size) {}

  private record Ops(List<BoundOp> beforePass, List<BoundOp> afterPass) {}

  /**
   * @param input the block's input, all crops
   * @param inputGradient receives the chunk's gradient by the input; empty if no layer below trains
   * @param kernelsTrain whether the kernels' gradient is computed
   * @param chunk crops of a chunk
   */
  ConvolutionGradient(
      Convolution layer,
      List<DirectWeights.Layer> groups,
      ConvolutionBlock block,
      INDArray input,
      Optional<INDArray> inputGradient,
      boolean kernelsTrain,
      int chunk,
      Workers workers) {
    this.layer = layer;
    this.groups = groups;
    this.block = block;
    this.input = input;
    this.inputGradient = inputGradient;
    this.kernelsTrain = kernelsTrain;
    int inputSide = (int) input.size(1);
    side = layer.convolvedSide(inputSide);
    outputSide = layer.outputSide(inputSide);
    preActivations =
        new PreActivationGradient(
            block.towerNormalization().map(TowerNormalization::wide).orElse(layer), workers);
    int channels = layer.channels();
    outputGradient = DirectWeights.allocate(chunk, outputSide, outputSide, channels);
    preActivationGradient =
        layer.pool().isPresent()
            ? DirectWeights.allocate(chunk, side, side, channels)
            : outputGradient;
    paddedGradient =
        layer
            .pool()
            .map(MaxPool::endPadding)
            .filter(end -> end > 0)
            .map(end -> DirectWeights.allocate(chunk, side + end, side + end, channels));
    for (DirectWeights.Layer group : groups) {
      kernelGradients.add(
          new GroupGradient(
              DirectWeights.allocate(group.weights().shape()),
              DirectWeights.allocate(group.weights().shape())));
    }
    kernelsAlone =
        inputGradient.isPresent() || !kernelsTrain
            ? Optional.empty()
            : Optional.of(
                new KernelGradient(
                    layer,
                    input,
                    preActivationGradient,
                    kernelGradients.stream().map(GroupGradient::sum).toList(),
                    workers));
    biasGradient = new float[channels];
    biasSums = preActivations.allocateSums(chunk);
  }

  /** The caller writes a chunk's gradient by the block's output here before {@link #run}. */
  INDArray outputGradient() {
    return outputGradient;
  }

  /** The kernels' gradient of one group, summed over the chunks. */
  INDArray kernelGradient(int group) {
    return kernelGradients.get(group).sum();
  }

  /** The gradient of all groups' biases, summed over the chunks. */
  float[] biasGradient() {
    return biasGradient;
  }

  /**
   * Runs the backward pass for a chunk.
   *
   * @param at index of the chunk's first crop in the block's arrays
   * @param first whether this chunk is the batch's first, which replaces the sums
   */
  void run(int at, int size, boolean first) {
    Ops back = ops.computeIfAbsent(new Place(at, size), this::ops);
    back.beforePass().forEach(BoundOp::run);
    backThroughNormalization(at, size);
    back.afterPass().forEach(BoundOp::run);
    addBiasSums(size, first);
    kernelsAlone.ifPresent(gradient -> gradient.add(at, size, first));
    if (kernelsTrain && inputGradient.isPresent()) {
      kernelGradients.forEach(group -> add(group, first));
    }
  }

  private void backThroughNormalization(int at, int size) {
    Optional<TowerNormalization> acrossTowers = block.towerNormalization();
    INDArray maps = acrossTowers.map(TowerNormalization::maps).orElse(block.activations());
    int numbers = side * side * (int) maps.size(3);
    preActivations.run(
        DirectWeights.buffer(maps),
        at * numbers,
        DirectWeights.buffer(
            acrossTowers.isPresent()
                ? acrossTowers.get().widen(preActivationGradient, size)
                : preActivationGradient),
        side * side,
        size,
        biasSums);
    acrossTowers.ifPresent(wide -> wide.narrow(preActivationGradient, size));
  }

  private Ops ops(Place place) {
    List<BoundOp> before = new ArrayList<>();
    INDArray chunkGradient = DirectWeights.rows(preActivationGradient, 0, place.size());
    layer
        .pool()
        .ifPresent(
            pool -> {
              INDArray to =
                  paddedGradient
                      .map(padded -> DirectWeights.rows(padded, 0, place.size()))
                      .orElse(chunkGradient);
              before.add(
                  BoundOp.maxPoolGradient(
                      block.pooled(place.at(), place.size()),
                      DirectWeights.rows(outputGradient, 0, place.size()),
                      to,
                      pool.size(),
                      pool.stride()));
              if (paddedGradient.isPresent()) {
                INDArray inner = to.get(all(), interval(0, side), interval(0, side), all());
                before.add(BoundOp.copy(inner, chunkGradient));
              }
            });
    List<BoundOp> after = new ArrayList<>();
    if (inputGradient.isPresent()) {
      INDArray to = DirectWeights.rows(inputGradient.get(), 0, place.size());
      INDArray chunkInput = DirectWeights.rows(input, place.at(), place.size());
      for (int group = 0; group < groups.size(); group++) {
        after.add(gradient(chunkInput, chunkGradient, to, group));
      }
    }
    return new Ops(before, after);
  }

  private BoundOp gradient(INDArray chunkInput, INDArray chunkGradient, INDArray to, int group) {
    return BoundOp.convolutionGradient(
        part(chunkInput, group),
        groups.get(group).weights(),
        part(chunkGradient, group),
        part(to, group),
        kernelGradients.get(group).chunk(),
        layer.stride(),
        layer.padding(),
        groups.size() == 1);
  }

  private INDArray part(INDArray array, int group) {
    return groups.size() == 1 ? array : ConvolutionBlock.channels(array, group, groups.size());
  }

  private void addBiasSums(int size, boolean first) {
    int from = block.towerNormalization().map(TowerNormalization::ownFrom).orElse(0);
    for (int channel = 0; channel < biasGradient.length; channel++) {
      float sum = first ? 0 : biasGradient[channel];
      for (int image = 0; image < size; image++) {
        sum += biasSums[image][from + channel];
      }
      biasGradient[channel] = sum;
    }
  }

  private static void add(GroupGradient group, boolean first) {
    FloatBuffer from = DirectWeights.buffer(group.chunk());
    FloatBuffer to = DirectWeights.buffer(group.sum());
    if (first) {
      to.put(from);
      return;
    }
    float[] more = new float[4096];
    float[] sums = new float[4096];
    for (int at = 0; at < to.capacity(); at += more.length) {
      int count = Math.min(more.length, to.capacity() - at);
      from.get(at, more, 0, count);
      to.get(at, sums, 0, count);
      for (int i = 0; i < count; i++) {
        sums[i] += more[i];
      }
      to.put(at, sums, 0, count);
    }
  }

  @Override
  public void close() {
    ops.clear();
    outputGradient.close();
    if (preActivationGradient != outputGradient) {
      preActivationGradient.close();
    }
    paddedGradient.ifPresent(INDArray::close);
    kernelsAlone.ifPresent(KernelGradient::close);
    for (GroupGradient group : kernelGradients) {
      group.chunk().close();
      group.sum().close();
    }
  }
}
