package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.DropoutMasks;
import io.tagstream.model.engine.Workers;
import io.tagstream.model.engine.towers.TowerLink;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.DeviceShare;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A device's dense layers in training. Each layer's input and the gradient by its pre-activations
 * are kept for the whole batch: both are small, and the gradient of the weights is then one matrix
 * product, whatever the number of parts in which the batch passed. The product is computed in
 * tiles, each consumed before the next one, so that no array of the weights' size is needed.
 */
final class DenseTraining implements AutoCloseable {
  /** Numbers in a tile, which stays in the cache until it is consumed. */
  private static final int TILE = 1 << 20;

  /** Rows of a transposed array that are read together. */
  private static final int BAND = 256;

  private final DirectWeights weights;
  private final DeviceShare share;
  private final List<Dense> layers;
  private final int firstLayer;
  private final boolean wantsInputGradient;
  private final DropoutMasks dropout;
  private final double labelSmoothing;
  private final Workers workers;
  private final Optional<TowerLink> link;

  /**
   * The input of each layer, {@code [batch][inputs]}, and last the logits. With two towers, of
   * both. The first one is owned by the convolutions.
   */
  private final List<INDArray> inputs = new ArrayList<>();

  /** By layer, {@code [batch][units]}, after the activation. */
  private final List<INDArray> activations = new ArrayList<>();

  /**
   * By layer, {@code [batch][units]}, after dropout; without dropout the array of the activations.
   */
  private final List<INDArray> outputs = new ArrayList<>();

  /** By layer, {@code [batch][units]}: the gradient by the pre-activations. */
  private final List<INDArray> preActivationGradients = new ArrayList<>();

  /** {@code [inputs][part]}: the gradient by a layer's input, transposed. */
  private final INDArray transposed;

  /** {@code [part][inputs]}: the gradient by a layer's input of both towers' units. */
  private final Optional<INDArray> bothTowersGradient;

  private final INDArray tile;
  private final Map<Place, List<List<BoundOp>>> forwardOps = new HashMap<>();
  private final Map<Backward, BoundOp> backwardOps = new HashMap<>();
  private final Map<Tile, BoundOp> tileOps = new HashMap<>();

  private record Place(int first, int size) {}

  private record Backward(int layer, Place place) {}

  private record Tile(int layer, int firstRow, int rows, int crops) {}

  /** Consumes the gradient of some rows of a layer's weights. */
  interface GradientTile {

    /**
     * Consumes one tile.
     *
     * @param gradient {@code count} numbers from index 0 on; overwritten after the call
     * @param at index of the first number in the weights
     */
    void take(FloatBuffer gradient, int at, int count);
  }

  /**
   * @param maps the input, {@code [batch][inputs]}
   * @param firstLayer index of the lowest layer whose gradient is computed
   * @param wantsInputGradient whether the gradient by the maps is computed too
   * @param link to the other tower, if there is one
   */
  DenseTraining(
      DirectWeights weights,
      MemoryPlan plan,
      INDArray maps,
      int firstLayer,
      boolean wantsInputGradient,
      DropoutMasks dropout,
      double labelSmoothing,
      Workers workers,
      Optional<TowerLink> link) {
    this.weights = weights;
    this.share = weights.share();
    this.link = link;
    this.layers = share.dense();
    this.firstLayer = firstLayer;
    this.wantsInputGradient = wantsInputGradient;
    this.dropout = dropout;
    this.labelSmoothing = labelSmoothing;
    this.workers = workers;
    inputs.add(maps);
    long widest = wantsInputGradient ? maps.size(1) : 1;
    long widestOfBoth = 1;
    for (int i = 0; i < layers.size(); i++) {
      Dense layer = layers.get(i);
      INDArray activation = DirectWeights.allocate(plan.batch(), layer.units());
      activations.add(activation);
      INDArray output =
          layer.dropout() > 0 ? DirectWeights.allocate(plan.batch(), layer.units()) : activation;
      outputs.add(output);
      inputs.add(share.isTower() ? DirectWeights.allocate(plan.batch(), unitsOfAll(i)) : output);
      preActivationGradients.add(DirectWeights.allocate(plan.batch(), layer.units()));
      if (i > firstLayer) {
        widest = Math.max(widest, inputs.get(i).size(1));
        widestOfBoth = Math.max(widestOfBoth, inputs.get(i).size(1));
      }
    }
    bothTowersGradient =
        share.isTower()
            ? Optional.of(DirectWeights.allocate(plan.part(), widestOfBoth))
            : Optional.empty();
    transposed = DirectWeights.allocate(widest * plan.part());
    tile = DirectWeights.allocate(tileNumbers(layers));
  }

  /** The size of the largest tile, in numbers. */
  static long tileNumbers(List<Dense> layers) {
    return layers.stream()
        .mapToLong(layer -> (long) tileRows(layer) * layer.units())
        .max()
        .orElse(0);
  }

  private static int tileRows(Dense layer) {
    return Math.max(1, TILE / layer.units());
  }

  /**
   * Runs the forward pass up to the logits, for a part of the batch.
   *
   * @param step number of steps before this one, for the dropout masks
   */
  void forward(long step, int first, int size) {
    List<List<BoundOp>> ops = forwardOps.computeIfAbsent(new Place(first, size), this::forwardOps);
    for (int i = 0; i < layers.size(); i++) {
      ops.get(i).forEach(BoundOp::run);
      drop(step, i, first, size);
      if (link.isPresent()) {
        link.get()
            .gather(
                nameOf(i + 1),
                size,
                DirectWeights.buffer(outputs.get(i), first, size),
                DirectWeights.buffer(inputs.get(i + 1), first, size));
      }
    }
  }

  /** The name of a layer; {@code softmax} after the last one. */
  private String nameOf(int index) {
    return index < layers.size() ? layers.get(index).name() : "softmax";
  }

  /** The units of a layer on all devices together. */
  private int unitsOfAll(int index) {
    return share.network().dense().get(index).units();
  }

  /** The ops of each layer, up to its activation. */
  private List<List<BoundOp>> forwardOps(Place place) {
    List<List<BoundOp>> ops = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      INDArray to = rows(activations.get(i), place);
      List<BoundOp> ofLayer = new ArrayList<>();
      ofLayer.add(BoundOp.product(rows(inputs.get(i), place), weights.dense(i).weights(), to));
      ofLayer.add(BoundOp.addBias(to, weights.dense(i).bias()));
      BoundOp.activation(layers.get(i).activation(), to).ifPresent(ofLayer::add);
      ops.add(ofLayer);
    }
    return ops;
  }

  private void drop(long step, int index, int first, int size) {
    Dense layer = layers.get(index);
    if (layer.dropout() == 0) {
      return;
    }
    FloatBuffer from = DirectWeights.buffer(activations.get(index));
    FloatBuffer to = DirectWeights.buffer(outputs.get(index));
    int units = layer.units();
    workers.run(
        size,
        (worker, i) -> {
          int row = first + i;
          float[] values = new float[units];
          from.get(row * units, values);
          multiplyByMask(step, index, row, values);
          to.put(row * units, values);
        });
  }

  private void multiplyByMask(long step, int index, int row, float[] values) {
    float[] mask = new float[unitsOfAll(index)];
    dropout.row(step, index, row, layers.get(index).dropout(), mask);
    int from = share.first(mask.length);
    for (int unit = 0; unit < values.length; unit++) {
      values[unit] *= mask[from + unit];
    }
  }

  /**
   * Computes a part's losses and runs the backward pass down to the lowest layer that needs it.
   *
   * @param classes of the whole batch
   * @return the part's cross entropies, summed
   */
  double backward(long step, int[] classes, int first, int size) {
    double[] losses = new double[size];
    workers.run(size, (worker, i) -> losses[i] = compare(step, classes, first + i));
    for (int i = layers.size() - 1; i > firstLayer; i--) {
      Place place = new Place(first, size);
      backwardOps.computeIfAbsent(new Backward(i, place), this::backwardOp).run();
      int below = i - 1;
      FloatBuffer to = DirectWeights.buffer(preActivationGradients.get(below), first, size);
      int units = unitsOfAll(below);
      if (link.isPresent()) {
        FloatBuffer both =
            DirectWeights.buffer(bothTowersGradient.orElseThrow()).slice(0, size * units);
        transpose(0, size, size, units, both);
        link.get().reduce(nameOf(i), size, both, to);
      } else {
        transpose(0, size, size, units, to);
      }
      workers.run(size, (worker, row) -> backThroughActivation(step, below, first + row));
    }
    if (wantsInputGradient) {
      backwardOps.computeIfAbsent(new Backward(0, new Place(first, size)), this::backwardOp).run();
    }
    return Arrays.stream(losses).sum();
  }

  /**
   * Writes the gradient by the input, {@code [size][inputs]}.
   *
   * @param first index of the first crop in the part that {@link #backward} computed last
   * @param partSize crops of that part
   */
  void inputGradient(int first, int size, int partSize, FloatBuffer to) {
    transpose(first, size, partSize, (int) inputs.get(0).size(1), to);
  }

  /** Writes columns of {@code [units][partSize]} as rows. */
  private void transpose(int firstColumn, int columns, int partSize, int units, FloatBuffer to) {
    FloatBuffer from = DirectWeights.buffer(transposed);
    workers.run(
        (units + BAND - 1) / BAND,
        (worker, band) -> {
          int firstUnit = band * BAND;
          int count = Math.min(BAND, units - firstUnit);
          float[] numbers = new float[count * partSize];
          float[] row = new float[count];
          from.get(firstUnit * partSize, numbers);
          for (int column = 0; column < columns; column++) {
            for (int i = 0; i < count; i++) {
              row[i] = numbers[i * partSize + firstColumn + column];
            }
            to.put(column * units + firstUnit, row);
          }
        });
  }

  /** {@code weights * gradient^T}, with the gradient by the layer's pre-activations. */
  private BoundOp backwardOp(Backward backward) {
    INDArray layerGradient = rows(preActivationGradients.get(backward.layer()), backward.place());
    long units = inputs.get(backward.layer()).size(1);
    int size = backward.place().size();
    INDArray to = DirectWeights.rows(transposed, 0, (int) (units * size)).reshape('c', units, size);
    return BoundOp.productByTransposed(
        weights.dense(backward.layer()).weights(), layerGradient, to);
  }

  /** Writes a row's gradient by the last layer's pre-activations; returns its cross entropy. */
  private double compare(long step, int[] classes, int row) {
    int last = layers.size() - 1;
    int units = unitsOfAll(last);
    float[] logits = new float[units];
    DirectWeights.buffer(inputs.get(last + 1)).get(row * units, logits);
    double largest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    double meanLogit = 0;
    double[] exponentials = new double[units];
    for (int i = 0; i < units; i++) {
      exponentials[i] = Math.exp(logits[i] - largest);
      sum += exponentials[i];
      meanLogit += logits[i] / (double) units;
    }
    float[] rowGradient = new float[layers.get(last).units()];
    int own = share.first(units);
    for (int i = 0; i < rowGradient.length; i++) {
      double target = labelSmoothing / units + (own + i == classes[row] ? 1 - labelSmoothing : 0);
      rowGradient[i] = (float) ((exponentials[own + i] / sum - target) / classes.length);
    }
    DirectWeights.buffer(preActivationGradients.get(last))
        .put(row * rowGradient.length, rowGradient);
    backThroughActivation(step, last, row);
    return largest
        + Math.log(sum)
        - (1 - labelSmoothing) * logits[classes[row]]
        - labelSmoothing * meanLogit;
  }

  /** Replaces a row's gradient by a layer's output with that by its pre-activations. */
  private void backThroughActivation(long step, int index, int row) {
    Dense layer = layers.get(index);
    if (layer.dropout() == 0 && layer.activation() == Activation.IDENTITY) {
      return;
    }
    int units = layer.units();
    float[] values = new float[units];
    FloatBuffer all = DirectWeights.buffer(preActivationGradients.get(index));
    all.get(row * units, values);
    if (layer.dropout() > 0) {
      multiplyByMask(step, index, row, values);
    }
    float[] y = new float[units];
    DirectWeights.buffer(activations.get(index)).get(row * units, y);
    for (int i = 0; i < units; i++) {
      values[i] *=
          switch (layer.activation()) {
            case RELU -> y[i] > 0 ? 1 : 0;
            case TANH -> 1 - y[i] * y[i];
            case IDENTITY -> 1;
          };
    }
    all.put(row * units, values);
  }

  /** Computes the gradient of a layer's weights over the batch, tile by tile. */
  void weightGradient(int layer, int batch, GradientTile consumer) {
    int inputUnits = (int) inputs.get(layer).size(1);
    int units = layers.get(layer).units();
    int rows = tileRows(layers.get(layer));
    for (int first = 0; first < inputUnits; first += rows) {
      int count = Math.min(rows, inputUnits - first);
      tileOps.computeIfAbsent(new Tile(layer, first, count, batch), this::tileOp).run();
      consumer.take(DirectWeights.buffer(tile), first * units, count * units);
    }
  }

  private BoundOp tileOp(Tile part) {
    Place place = new Place(0, part.crops());
    int units = layers.get(part.layer()).units();
    INDArray columns =
        inputs
            .get(part.layer())
            .get(
                NDArrayIndex.interval(0, part.crops()),
                NDArrayIndex.interval(part.firstRow(), part.firstRow() + part.rows()));
    INDArray to = DirectWeights.rows(tile, 0, part.rows() * units).reshape('c', part.rows(), units);
    return BoundOp.productOfTransposed(
        columns, rows(preActivationGradients.get(part.layer()), place), to, false);
  }

  /** The gradient of a layer's biases over the batch. */
  float[] biasGradient(int layer, int batch) {
    int units = layers.get(layer).units();
    FloatBuffer from = DirectWeights.buffer(preActivationGradients.get(layer));
    float[] sums = new float[units];
    float[] row = new float[units];
    for (int i = 0; i < batch; i++) {
      from.get(i * units, row);
      for (int unit = 0; unit < units; unit++) {
        sums[unit] += row[unit];
      }
    }
    return sums;
  }

  private static INDArray rows(INDArray array, Place place) {
    return DirectWeights.rows(array, place.first(), place.size());
  }

  @Override
  public void close() {
    forwardOps.clear();
    backwardOps.clear();
    tileOps.clear();
    for (int i = 0; i < layers.size(); i++) {
      activations.get(i).close();
      if (outputs.get(i) != activations.get(i)) {
        outputs.get(i).close();
      }
      if (inputs.get(i + 1) != outputs.get(i)) {
        inputs.get(i + 1).close();
      }
      preActivationGradients.get(i).close();
    }
    transposed.close();
    bothTowersGradient.ifPresent(INDArray::close);
    tile.close();
  }
}
