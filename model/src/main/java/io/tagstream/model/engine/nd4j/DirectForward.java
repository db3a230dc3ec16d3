package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.Processors;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A pass of ND4J ops executed one after the other, without a graph, on arrays allocated once. The
 * convolutions run in chunks, so that a layer's output is still in the cache when the next one
 * reads it; the dense layers run once for the whole batch, because their cost is reading the
 * weights.
 */
final class DirectForward implements Forward {
  private static final int CHUNK = 16;

  private final DirectWeights weights;
  private final NetworkDescription network;

  /** {@code [chunk][S][S][3]}. */
  private final INDArray input;

  private final FloatBuffer inputNumbers;
  private final List<ConvolutionBlock> blocks = new ArrayList<>();

  /** What each block but the last leaves of a chunk. */
  private final List<INDArray> blockOutputs = new ArrayList<>();

  /** What the last block leaves of the whole batch. */
  private final INDArray maps;

  /** By dense layer, {@code [batch][units]}. */
  private final List<INDArray> activations = new ArrayList<>();

  private final INDArray probabilities;

  private final Map<Integer, List<Runnable>> chunkSteps = new HashMap<>();
  private final Map<Chunk, Step> chunkOutputSteps = new HashMap<>();
  private final Map<Integer, DenseSteps> denseSteps = new HashMap<>();

  /** The crops from {@code first} on that pass the convolutions together. */
  private record Chunk(int first, int size) {}

  /** The dense layers up to the features, and the rest up to the softmax. */
  private record DenseSteps(List<Step> features, List<Step> rest) {}

  DirectForward(DirectWeights weights, int maxBatch) {
    this.weights = weights;
    this.network = weights.share().network();
    int chunk = Math.min(CHUNK, maxBatch);
    int side = network.inputSize();
    input = DirectWeights.allocate(chunk, side, side, NetworkDescription.INPUT_CHANNELS);
    inputNumbers = DirectWeights.buffer(input);
    for (int i = 0; i < network.convolutions().size(); i++) {
      Convolution layer = network.convolutions().get(i);
      blocks.add(
          new ConvolutionBlock(layer, weights.convolution(i), side, chunk, Optional.empty()));
      side = layer.outputSide(side);
    }
    ConvolutionBlock last = blocks.get(blocks.size() - 1);
    for (ConvolutionBlock block : blocks.subList(0, blocks.size() - 1)) {
      blockOutputs.add(block.allocateOutput(chunk));
    }
    maps = last.allocateOutput(maxBatch);
    for (Dense layer : network.dense()) {
      activations.add(DirectWeights.allocate(maxBatch, layer.units()));
    }
    probabilities = DirectWeights.allocate(maxBatch, network.classes());
  }

  @Override
  public FloatBuffer run(CropBatch batch, Output output) {
    OpenMp.useThreads(Processors.share(weights.threads()));
    for (int first = 0; first < batch.size(); first += CHUNK) {
      int size = Math.min(CHUNK, batch.size() - first);
      weights.normalization().interleaved(batch, first, size, inputNumbers);
      chunkSteps.computeIfAbsent(size, this::chunkSteps).forEach(Runnable::run);
      chunkOutputSteps.computeIfAbsent(new Chunk(first, size), this::chunkOutputStep).run();
    }
    DenseSteps steps = denseSteps.computeIfAbsent(batch.size(), this::denseSteps);
    steps.features().forEach(Step::run);
    if (output == Output.FEATURES) {
      return DirectWeights.buffer(activations.get(activations.size() - 2));
    }
    steps.rest().forEach(Step::run);
    return DirectWeights.buffer(probabilities);
  }

  /** The convolutions of the first crops of a chunk, up to the last block's output. */
  private List<Runnable> chunkSteps(int size) {
    List<Runnable> steps = new ArrayList<>();
    INDArray from = DirectWeights.rows(input, 0, size);
    for (int i = 0; i < blocks.size(); i++) {
      steps.addAll(blocks.get(i).steps(from, 0));
      if (i < blockOutputs.size()) {
        from = DirectWeights.rows(blockOutputs.get(i), 0, size);
        steps.add(blocks.get(i).outputStep(from, 0));
      }
    }
    return steps;
  }

  private Step chunkOutputStep(Chunk chunk) {
    INDArray output = DirectWeights.rows(maps, chunk.first(), chunk.size());
    return blocks.get(blocks.size() - 1).outputStep(output, 0);
  }

  private DenseSteps denseSteps(int size) {
    List<Step> features = new ArrayList<>();
    List<Step> rest = new ArrayList<>();
    INDArray from =
        DirectWeights.rows(maps, 0, size).reshape('c', size, maps.length() / maps.size(0));
    for (int i = 0; i < activations.size(); i++) {
      List<Step> steps = i < activations.size() - 1 ? features : rest;
      INDArray to = DirectWeights.rows(activations.get(i), 0, size);
      steps.add(Step.product(from, weights.dense(i).weights(), to));
      steps.add(Step.addBias(to, weights.dense(i).bias()));
      Step.activation(network.dense().get(i).activation(), to).ifPresent(steps::add);
      from = to;
    }
    rest.add(Step.softmax(from, DirectWeights.rows(probabilities, 0, size)));
    return new DenseSteps(features, rest);
  }

  @Override
  public void close() {
    chunkSteps.clear();
    chunkOutputSteps.clear();
    denseSteps.clear();
    input.close();
    blocks.forEach(ConvolutionBlock::close);
    blockOutputs.forEach(INDArray::close);
    maps.close();
    activations.forEach(INDArray::close);
    probabilities.close();
  }
}
