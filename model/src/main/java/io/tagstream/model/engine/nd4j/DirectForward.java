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
 * A forward pass of ND4J ops, executed one after the other without a graph on arrays that are
 * allocated once. The convolutions run in chunks, so that a layer's output is still in the cache
 * when the next layer reads it. The dense layers run once for the whole batch, because most of
 * their time goes into reading the weights.
 */
final class DirectForward implements Forward {
  private static final int CHUNK = 16;

  private final DirectWeights weights;
  private final NetworkDescription network;

  /** {@code [chunk][S][S][3]}. */
  private final INDArray input;

  private final FloatBuffer inputNumbers;
  private final List<ConvolutionBlock> blocks = new ArrayList<>();

  /** A chunk's output of each block but the last. */
  private final List<INDArray> blockOutputs = new ArrayList<>();

  /** The last block's output for the whole batch. */
  private final INDArray maps;

  /** By dense layer, {@code [batch][units]}. */
  private final List<INDArray> activations = new ArrayList<>();

  private final INDArray probabilities;

  private final Map<Integer, List<Runnable>> chunkOps = new HashMap<>();
  private final Map<Chunk, BoundOp> chunkOutputOps = new HashMap<>();
  private final Map<Integer, DenseOps> denseOps = new HashMap<>();

  /** The crops from index {@code first} on that pass the convolutions together. */
  private record Chunk(int first, int size) {}

  /** The dense layers up to the features, and the rest up to the softmax. */
  private record DenseOps(List<BoundOp> features, List<BoundOp> rest) {}

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
      chunkOps.computeIfAbsent(size, this::chunkOps).forEach(Runnable::run);
      chunkOutputOps.computeIfAbsent(new Chunk(first, size), this::chunkOutputOp).run();
    }
    DenseOps ops = denseOps.computeIfAbsent(batch.size(), this::denseOps);
    ops.features().forEach(BoundOp::run);
    if (output == Output.FEATURES) {
      return DirectWeights.buffer(activations.get(activations.size() - 2));
    }
    ops.rest().forEach(BoundOp::run);
    return DirectWeights.buffer(probabilities);
  }

  /**
   * The ops of the convolutions for a chunk of {@code size} crops, without the last block's output
   * op.
   */
  private List<Runnable> chunkOps(int size) {
    List<Runnable> ops = new ArrayList<>();
    INDArray from = DirectWeights.rows(input, 0, size);
    for (int i = 0; i < blocks.size(); i++) {
      ops.addAll(blocks.get(i).ops(from, 0));
      if (i < blockOutputs.size()) {
        from = DirectWeights.rows(blockOutputs.get(i), 0, size);
        ops.add(blocks.get(i).outputOp(from, 0));
      }
    }
    return ops;
  }

  private BoundOp chunkOutputOp(Chunk chunk) {
    INDArray output = DirectWeights.rows(maps, chunk.first(), chunk.size());
    return blocks.get(blocks.size() - 1).outputOp(output, 0);
  }

  private DenseOps denseOps(int size) {
    List<BoundOp> features = new ArrayList<>();
    List<BoundOp> rest = new ArrayList<>();
    INDArray from =
        DirectWeights.rows(maps, 0, size).reshape('c', size, maps.length() / maps.size(0));
    for (int i = 0; i < activations.size(); i++) {
      List<BoundOp> ops = i < activations.size() - 1 ? features : rest;
      INDArray to = DirectWeights.rows(activations.get(i), 0, size);
      ops.add(BoundOp.product(from, weights.dense(i).weights(), to));
      ops.add(BoundOp.addBias(to, weights.dense(i).bias()));
      BoundOp.activation(network.dense().get(i).activation(), to).ifPresent(ops::add);
      from = to;
    }
    rest.add(BoundOp.softmax(from, DirectWeights.rows(probabilities, 0, size)));
    return new DenseOps(features, rest);
  }

  @Override
  public void close() {
    chunkOps.clear();
    chunkOutputOps.clear();
    denseOps.clear();
    input.close();
    blocks.forEach(ConvolutionBlock::close);
    blockOutputs.forEach(INDArray::close);
    maps.close();
    activations.forEach(INDArray::close);
    probabilities.close();
  }
}
