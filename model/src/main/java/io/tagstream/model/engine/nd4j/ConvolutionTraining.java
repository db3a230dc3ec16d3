package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.NetworkDescription;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The convolutions of a network in training, forward and back in chunks, so that what a layer
 * leaves is still in the cache when the next one reads it. What the way back needs is kept for a
 * part of the batch; layers below the first that trains keep a chunk only.
 */
final class ConvolutionTraining implements AutoCloseable {
  private final DirectWeights weights;
  private final MemoryPlan plan;
  private final Workers workers;

  /** {@code [crops][S][S][3]}. */
  private final INDArray input;

  private final List<ConvolutionBlock> blocks = new ArrayList<>();

  /** What each block leaves; the last one's are the dense layers' input, the whole batch's. */
  private final List<INDArray> outputs = new ArrayList<>();

  /** Of the blocks from {@link MemoryPlan#firstBlock} on. */
  private final List<ConvolutionGradient> gradients = new ArrayList<>();

  private final Map<Place, List<Step>> steps = new HashMap<>();

  /** A chunk's first crop in the batch. */
  private record Place(int first, int size) {}

  /** Where the last block's slopes come from. */
  interface OutputSlopes {

    /** Writes those of a chunk from the first number of {@code to} on. */
    void write(int first, int size, FloatBuffer to);
  }

  /**
   * Allocates.
   *
   * @param maps where the last block's output goes, {@code [batch][side][side][channels]}
   * @param trainable names of the parameters to train
   */
  ConvolutionTraining(
      DirectWeights weights,
      MemoryPlan plan,
      INDArray maps,
      Collection<String> trainable,
      Workers workers) {
    this.weights = weights;
    this.plan = plan;
    this.workers = workers;
    NetworkDescription network = weights.network();
    List<Convolution> layers = network.convolutions();
    int side = network.inputSize();
    input =
        DirectWeights.allocate(
            plan.crops(plan.firstBlock() == 0), side, side, NetworkDescription.INPUT_CHANNELS);
    for (int i = 0; i < layers.size(); i++) {
      Convolution layer = layers.get(i);
      int crops = plan.crops(i >= plan.firstBlock());
      ConvolutionBlock block = new ConvolutionBlock(layer, weights.convolution(i), side, crops);
      blocks.add(block);
      boolean last = i == layers.size() - 1;
      outputs.add(last ? maps : block.allocateOutput(plan.crops(i + 1 >= plan.firstBlock())));
      side = layer.outputSide(side);
    }
    Optional<INDArray> inputSlopes = Optional.empty();
    for (int i = plan.firstBlock(); i < layers.size(); i++) {
      Convolution layer = layers.get(i);
      ConvolutionGradient gradient =
          new ConvolutionGradient(
              layer,
              weights.convolution(i),
              blocks.get(i),
              i == 0 ? input : outputs.get(i - 1),
              inputSlopes,
              trainable.contains(layer.name() + ".weight"),
              plan.chunk(),
              workers);
      gradients.add(gradient);
      inputSlopes = Optional.of(gradient.outputSlopes());
    }
  }

  /** The block's gradients, by its position from {@link MemoryPlan#firstBlock} on. */
  ConvolutionGradient gradient(int index) {
    return gradients.get(index - plan.firstBlock());
  }

  /** Computes the maps of crops that are one of the batch's parts. */
  void forward(CropBatch batch, int first, int size) {
    for (int done = 0; done < size; done += plan.chunk()) {
      int count = Math.min(plan.chunk(), size - done);
      Place place = new Place(first + done, count);
      read(batch, place);
      steps.computeIfAbsent(place, this::forwardSteps).forEach(Step::run);
    }
  }

  private void read(CropBatch batch, Place place) {
    FloatBuffer numbers = DirectWeights.buffer(input);
    int crop = batch.cropBytes();
    int at = at(input, place);
    workers.run(
        place.size(),
        (worker, i) ->
            weights
                .normalization()
                .interleaved(batch, place.first() + i, 1, numbers.slice((at + i) * crop, crop)));
  }

  private List<Step> forwardSteps(Place place) {
    List<Step> forward = new ArrayList<>();
    INDArray from = DirectWeights.rows(input, at(input, place), place.size());
    for (int i = 0; i < blocks.size(); i++) {
      ConvolutionBlock block = blocks.get(i);
      int at = at(block.activations(), place);
      forward.addAll(block.steps(from, at));
      INDArray output = outputs.get(i);
      int outputAt = i == blocks.size() - 1 ? place.first() : at(output, place);
      from = DirectWeights.rows(output, outputAt, place.size());
      forward.add(block.outputStep(from, at));
    }
    return forward;
  }

  /** Where a chunk lies in an array that holds a part of the batch or a chunk. */
  private int at(INDArray array, Place place) {
    return array.size(0) > plan.chunk() ? place.first() % plan.part() : 0;
  }

  /**
   * Adds the gradients of the crops that {@link #forward} had last.
   *
   * @param begin whether the sums begin with them
   */
  void backward(int first, int size, boolean begin, OutputSlopes slopes) {
    ConvolutionGradient last = gradients.get(gradients.size() - 1);
    for (int done = 0; done < size; done += plan.chunk()) {
      int count = Math.min(plan.chunk(), size - done);
      slopes.write(done, count, DirectWeights.buffer(last.outputSlopes()));
      int at = (first + done) % plan.part();
      for (int i = blocks.size() - 1; i >= plan.firstBlock(); i--) {
        gradient(i).run(at, count, begin && done == 0);
      }
    }
  }

  @Override
  public void close() {
    steps.clear();
    gradients.forEach(ConvolutionGradient::close);
    blocks.forEach(ConvolutionBlock::close);
    input.close();
    outputs.subList(0, outputs.size() - 1).forEach(INDArray::close);
  }
}
