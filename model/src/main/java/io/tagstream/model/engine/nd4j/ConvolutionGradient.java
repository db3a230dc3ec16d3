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
 * The way back through a {@link ConvolutionBlock}, chunk by chunk, summing the gradients of its
 * parameters.
 */
final class ConvolutionGradient implements AutoCloseable {
  private final Convolution layer;
  private final List<DirectWeights.Layer> groups;
  private final ConvolutionBlock block;
  private final INDArray input;
  private final Optional<INDArray> inputSlopes;
  private final boolean kernelsTrain;
  private final int outputSide;
  private final int side;
  private final SlopePass slopePass;

  /** By the block's output, {@code [chunk][side][side][channels]}. */
  private final INDArray outputSlopes;

  /** By the sums; the same array where nothing is pooled. */
  private final INDArray slopes;

  private final Optional<INDArray> paddedSlopes;

  /** In place of the op that gives both gradients, where nobody below trains. */
  private final Optional<KernelGradient> kernelGradient;

  private final List<KernelSlopes> kernelSlopes = new ArrayList<>();
  private final float[] biasSlopes;
  private final float[][] biasSums;
  private final Map<Place, Steps> steps = new HashMap<>();

  /** Of one chunk, and of all of a batch so far. */
  private record KernelSlopes(INDArray chunk, INDArray sum) {}

  private record Place(int at, int size) {}

  private record Steps(List<Step> beforePass, List<Step> afterPass) {}

  /**
   * A block's.
   *
   * @param input what came into the block, all crops
   * @param inputSlopes where the chunk's gradient by its input goes, if anybody below trains
   * @param kernelsTrain whether the kernels' gradient is wanted
   */
  ConvolutionGradient(
      Convolution layer,
      List<DirectWeights.Layer> groups,
      ConvolutionBlock block,
      INDArray input,
      Optional<INDArray> inputSlopes,
      boolean kernelsTrain,
      int chunk,
      Workers workers) {
    this.layer = layer;
    this.groups = groups;
    this.block = block;
    this.input = input;
    this.inputSlopes = inputSlopes;
    this.kernelsTrain = kernelsTrain;
    int inputSide = (int) input.size(1);
    side = layer.convolvedSide(inputSide);
    outputSide = layer.outputSide(inputSide);
    slopePass = new SlopePass(block.seam().map(Seam::wide).orElse(layer), workers);
    int channels = layer.channels();
    outputSlopes = DirectWeights.allocate(chunk, outputSide, outputSide, channels);
    slopes =
        layer.pool().isPresent()
            ? DirectWeights.allocate(chunk, side, side, channels)
            : outputSlopes;
    paddedSlopes =
        layer
            .pool()
            .map(MaxPool::endPadding)
            .filter(end -> end > 0)
            .map(end -> DirectWeights.allocate(chunk, side + end, side + end, channels));
    for (DirectWeights.Layer group : groups) {
      kernelSlopes.add(
          new KernelSlopes(
              DirectWeights.allocate(group.weights().shape()),
              DirectWeights.allocate(group.weights().shape())));
    }
    kernelGradient =
        inputSlopes.isPresent() || !kernelsTrain
            ? Optional.empty()
            : Optional.of(
                new KernelGradient(
                    layer,
                    input,
                    slopes,
                    kernelSlopes.stream().map(KernelSlopes::sum).toList(),
                    workers));
    biasSlopes = new float[channels];
    biasSums = slopePass.allocateSums(chunk);
  }

  /** Where a chunk's gradient by the block's output is to be before {@link #run}. */
  INDArray outputSlopes() {
    return outputSlopes;
  }

  /** The kernels' gradient by group, summed. */
  INDArray kernelSlopes(int group) {
    return kernelSlopes.get(group).sum();
  }

  /** The biases' gradient over all groups, summed. */
  float[] biasSlopes() {
    return biasSlopes;
  }

  /**
   * Takes a chunk's slopes back.
   *
   * @param at the first crop's position in the block's arrays
   * @param first whether the sums begin with this chunk
   */
  void run(int at, int size, boolean first) {
    Steps back = steps.computeIfAbsent(new Place(at, size), this::steps);
    back.beforePass().forEach(Step::run);
    backThroughNormalization(at, size);
    back.afterPass().forEach(Step::run);
    addBiasSums(size, first);
    kernelGradient.ifPresent(gradient -> gradient.add(at, size, first));
    if (kernelsTrain && inputSlopes.isPresent()) {
      kernelSlopes.forEach(group -> add(group, first));
    }
  }

  private void backThroughNormalization(int at, int size) {
    Optional<Seam> seam = block.seam();
    INDArray maps = seam.map(Seam::maps).orElse(block.activations());
    int numbers = side * side * (int) maps.size(3);
    slopePass.run(
        DirectWeights.buffer(maps),
        at * numbers,
        DirectWeights.buffer(seam.isPresent() ? seam.get().widen(slopes, size) : slopes),
        side * side,
        size,
        biasSums);
    seam.ifPresent(wide -> wide.narrow(slopes, size));
  }

  private Steps steps(Place place) {
    List<Step> before = new ArrayList<>();
    INDArray chunkSlopes = DirectWeights.rows(slopes, 0, place.size());
    layer
        .pool()
        .ifPresent(
            pool -> {
              INDArray to =
                  paddedSlopes
                      .map(padded -> DirectWeights.rows(padded, 0, place.size()))
                      .orElse(chunkSlopes);
              before.add(
                  Step.maxPoolGradient(
                      block.pooled(place.at(), place.size()),
                      DirectWeights.rows(outputSlopes, 0, place.size()),
                      to,
                      pool.size(),
                      pool.stride()));
              if (paddedSlopes.isPresent()) {
                INDArray inner = to.get(all(), interval(0, side), interval(0, side), all());
                before.add(Step.copy(inner, chunkSlopes));
              }
            });
    List<Step> after = new ArrayList<>();
    if (inputSlopes.isPresent()) {
      INDArray to = DirectWeights.rows(inputSlopes.get(), 0, place.size());
      INDArray chunkInput = DirectWeights.rows(input, place.at(), place.size());
      for (int group = 0; group < groups.size(); group++) {
        after.add(gradient(chunkInput, chunkSlopes, to, group));
      }
    }
    return new Steps(before, after);
  }

  private Step gradient(INDArray chunkInput, INDArray chunkSlopes, INDArray to, int group) {
    return Step.convolutionGradient(
        part(chunkInput, group),
        groups.get(group).weights(),
        part(chunkSlopes, group),
        part(to, group),
        kernelSlopes.get(group).chunk(),
        layer.stride(),
        layer.padding(),
        groups.size() == 1);
  }

  private INDArray part(INDArray array, int group) {
    return groups.size() == 1 ? array : ConvolutionBlock.channels(array, group, groups.size());
  }

  private void addBiasSums(int size, boolean first) {
    int from = block.seam().map(Seam::ownFrom).orElse(0);
    for (int channel = 0; channel < biasSlopes.length; channel++) {
      float sum = first ? 0 : biasSlopes[channel];
      for (int image = 0; image < size; image++) {
        sum += biasSums[image][from + channel];
      }
      biasSlopes[channel] = sum;
    }
  }

  private static void add(KernelSlopes group, boolean first) {
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
    steps.clear();
    outputSlopes.close();
    if (slopes != outputSlopes) {
      slopes.close();
    }
    paddedSlopes.ifPresent(INDArray::close);
    kernelGradient.ifPresent(KernelGradient::close);
    for (KernelSlopes group : kernelSlopes) {
      group.chunk().close();
      group.sum().close();
    }
  }
}
