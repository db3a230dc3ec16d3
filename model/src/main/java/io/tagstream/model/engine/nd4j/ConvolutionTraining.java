package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Workers;
import io.tagstream.model.engine.towers.TowerLink;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.DeviceShare;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A device's convolutions in training. Forward and backward pass run in chunks, so that a layer's
 * output is still in the cache when the next layer reads it. The arrays that the backward pass
 * needs hold a part of the batch; those of layers below the first one that trains hold one chunk.
 */
final class ConvolutionTraining implements AutoCloseable {
  private final DirectWeights weights;
  private final MemoryPlan plan;
  private final Workers workers;
  private final Optional<TowerLink> link;
  private final List<ConvolutionBlock> blocks = new ArrayList<>();

  /**
   * The input of each block, {@code [crops][side][side][channels]}, that of the first being the
   * crops; last, the input of the dense layers for the whole batch.
   */
  private final List<INDArray> inputs = new ArrayList<>();

  /** The output of each block: the next input, or one chunk of this tower's half of it. */
  private final List<INDArray> outputs = new ArrayList<>();

  /** Of the blocks from {@link MemoryPlan#firstBlock} on. */
  private final List<ConvolutionGradient> gradients = new ArrayList<>();

  /** A chunk's gradient by an input that joins both towers' maps, if a layer below trains. */
  private final Map<Integer, INDArray> bothTowersGradient = new HashMap<>();

  private final Map<Place, List<Runnable>> ops = new HashMap<>();

  /** A chunk's first crop in the batch. */
  private record Place(int first, int size) {}

  /** Supplies the gradient by the input of the dense layers. */
  interface MapGradient {

    /** Writes a chunk's gradient from index 0 of {@code to} on. */
    void write(int first, int size, FloatBuffer to);
  }

  /**
   * @param maps the input of the dense layers, {@code [batch][side][side][channels]}
   * @param trainable names of the parameters to train
   * @param link to the other tower, if there is one
   */
  ConvolutionTraining(
      DirectWeights weights,
      MemoryPlan plan,
      INDArray maps,
      Collection<String> trainable,
      Workers workers,
      Optional<TowerLink> link) {
    this.weights = weights;
    this.plan = plan;
    this.workers = workers;
    this.link = link;
    DeviceShare share = weights.share();
    List<Convolution> layers = share.convolutions();
    List<Integer> sides = share.network().sides();
    inputs.add(
        DirectWeights.allocate(
            plan.crops(plan.firstBlock() == 0),
            sides.get(0),
            sides.get(0),
            share.inputChannels(0)));
    for (int i = 0; i < layers.size(); i++) {
      int side = sides.get(i);
      int crops = plan.crops(i >= plan.firstBlock());
      int convolved = layers.get(i).convolvedSide(side);
      int position = i;
      Optional<TowerNormalization> towerNormalization =
          link.flatMap(
              other ->
                  TowerNormalization.of(share, position, other, convolved, crops, plan.chunk()));
      ConvolutionBlock block =
          new ConvolutionBlock(
              layers.get(i), weights.convolution(i), side, crops, towerNormalization);
      blocks.add(block);
      boolean last = i == layers.size() - 1;
      int nextCrops = plan.crops(i + 1 >= plan.firstBlock());
      if (joins(i + 1)) {
        int next = sides.get(i + 1);
        outputs.add(block.allocateOutput(plan.chunk()));
        inputs.add(
            last
                ? maps
                : DirectWeights.allocate(nextCrops, next, next, share.inputChannels(i + 1)));
      } else {
        outputs.add(last ? maps : block.allocateOutput(nextCrops));
        inputs.add(outputs.get(i));
      }
    }
    for (int i = plan.firstBlock(); i < layers.size(); i++) {
      gradients.add(
          new ConvolutionGradient(
              layers.get(i),
              weights.convolution(i),
              blocks.get(i),
              inputs.get(i),
              i == plan.firstBlock() ? Optional.empty() : Optional.of(inputGradient(i)),
              trainable.contains(layers.get(i).name() + ".weight"),
              plan.chunk(),
              workers));
    }
  }

  /** Whether the input at this position joins both towers' maps; the dense layers come last. */
  private boolean joins(int position) {
    DeviceShare share = weights.share();
    return position < share.convolutions().size() ? share.joins(position) : share.isTower();
  }

  /** The array that receives a chunk's gradient by the input at this position. */
  private INDArray inputGradient(int position) {
    if (!joins(position)) {
      return gradient(position - 1).outputGradient();
    }
    INDArray input = inputs.get(position);
    return bothTowersGradient.computeIfAbsent(
        position,
        any -> DirectWeights.allocate(plan.chunk(), input.size(1), input.size(2), input.size(3)));
  }

  /**
   * The gradients of the block at {@code index}, which is {@link MemoryPlan#firstBlock} at least.
   */
  ConvolutionGradient gradient(int index) {
    return gradients.get(index - plan.firstBlock());
  }

  /** Computes the maps of one part of the batch. */
  void forward(CropBatch batch, int first, int size) {
    for (int done = 0; done < size; done += plan.chunk()) {
      int count = Math.min(plan.chunk(), size - done);
      Place place = new Place(first + done, count);
      read(batch, place);
      ops.computeIfAbsent(place, this::forwardOps).forEach(Runnable::run);
    }
  }

  private void read(CropBatch batch, Place place) {
    FloatBuffer numbers = DirectWeights.buffer(inputs.get(0));
    int crop = batch.cropBytes();
    int at = at(0, place);
    workers.run(
        place.size(),
        (worker, i) ->
            weights
                .normalization()
                .interleaved(batch, place.first() + i, 1, numbers.slice((at + i) * crop, crop)));
  }

  private List<Runnable> forwardOps(Place place) {
    List<Runnable> forward = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      ConvolutionBlock block = blocks.get(i);
      int at = positionIn(block.activations(), place);
      forward.addAll(block.ops(DirectWeights.rows(inputs.get(i), at(i, place), place.size()), at));
      INDArray output = outputs.get(i);
      INDArray next = inputs.get(i + 1);
      int nextAt = at(i + 1, place);
      int outputAt = output == next ? nextAt : 0;
      forward.add(block.outputOp(DirectWeights.rows(output, outputAt, place.size()), at));
      if (output != next) {
        String layer = nameOf(i + 1);
        int rows = rows(next, place.size());
        forward.add(
            () ->
                link.orElseThrow()
                    .gather(
                        layer,
                        rows,
                        DirectWeights.buffer(output, 0, place.size()),
                        DirectWeights.buffer(next, nextAt, place.size())));
      }
    }
    return forward;
  }

  /** Index of a chunk's first crop in an input. */
  private int at(int position, Place place) {
    return position == blocks.size() ? place.first() : positionIn(inputs.get(position), place);
  }

  /** Index of a chunk's first crop in an array that holds one part of the batch, or one chunk. */
  private int positionIn(INDArray array, Place place) {
    return array.size(0) > plan.chunk() ? place.first() % plan.part() : 0;
  }

  private String nameOf(int position) {
    DeviceShare share = weights.share();
    return position < share.convolutions().size()
        ? share.convolutions().get(position).name()
        : share.dense().get(0).name();
  }

  private static int rows(INDArray maps, int crops) {
    return Math.toIntExact(crops * maps.size(1) * maps.size(2));
  }

  /**
   * Adds the gradients of the crops that {@link #forward} computed last.
   *
   * @param begin whether these crops are the batch's first, which replace the sums
   */
  void backward(int first, int size, boolean begin, MapGradient mapGradient) {
    for (int done = 0; done < size; done += plan.chunk()) {
      int count = Math.min(plan.chunk(), size - done);
      mapGradient.write(done, count, DirectWeights.buffer(inputGradient(blocks.size())));
      reduce(blocks.size(), count);
      int at = (first + done) % plan.part();
      for (int i = blocks.size() - 1; i >= plan.firstBlock(); i--) {
        gradient(i).run(at, count, begin && done == 0);
        if (i > plan.firstBlock()) {
          reduce(i, count);
        }
      }
    }
  }

  /**
   * Where an input joins both towers' maps: sums both towers' gradients by this tower's half of it,
   * which is the output of the block before.
   */
  private void reduce(int position, int size) {
    if (joins(position)) {
      INDArray both = inputGradient(position);
      link.orElseThrow()
          .reduce(
              nameOf(position),
              rows(both, size),
              DirectWeights.buffer(both, 0, size),
              DirectWeights.buffer(gradient(position - 1).outputGradient(), 0, size));
    }
  }

  @Override
  public void close() {
    ops.clear();
    gradients.forEach(ConvolutionGradient::close);
    bothTowersGradient.values().forEach(INDArray::close);
    blocks.forEach(ConvolutionBlock::close);
    for (int i = 0; i < blocks.size(); i++) {
      inputs.get(i).close();
      if (outputs.get(i) != inputs.get(i + 1)) {
        outputs.get(i).close();
      }
    }
  }
}
