package io.tagstream.model.engine.nd4j;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Dense;
import io.tagstream.model.training.DropoutMasks;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The dense layers in training. What comes into each and the slopes by its sums are kept for the
 * whole batch: both are small, and with them the gradient of the weights is one product however
 * many parts the batch came in. It is made in tiles that are used up before the next one, so that
 * no array of the weights' size is needed.
 */
final class DenseTraining implements AutoCloseable {
  /** Numbers of a tile: it stays in the cache until it is used. */
  private static final int TILE = 1 << 20;

  /** Rows of a transposed array that are read together. */
  private static final int BAND = 256;

  private final DirectWeights weights;
  private final List<Dense> layers;
  private final int firstLayer;
  private final boolean slopesByInput;
  private final DropoutMasks dropout;
  private final double labelSmoothing;
  private final Workers workers;

  /** By layer, {@code [batch][inputs]}; the first one's belongs to the convolutions. */
  private final List<INDArray> inputs = new ArrayList<>();

  /** By layer, {@code [batch][units]}, after the activation. */
  private final List<INDArray> activations = new ArrayList<>();

  /** By layer, {@code [batch][units]}, after dropout; the activations where there is none. */
  private final List<INDArray> outputs = new ArrayList<>();

  /** By layer, {@code [batch][units]}, by the sums. */
  private final List<INDArray> slopes = new ArrayList<>();

  /** {@code [inputs][part]}: the slopes by a layer's input, transposed. */
  private final INDArray transposed;

  private final INDArray tile;
  private final Map<Place, List<List<Step>>> forwardSteps = new HashMap<>();
  private final Map<Backward, Step> backwardSteps = new HashMap<>();
  private final Map<Tile, Step> tileSteps = new HashMap<>();

  private record Place(int first, int size) {}

  private record Backward(int layer, Place place) {}

  private record Tile(int layer, int firstRow, int rows, int crops) {}

  /** Takes the gradient of rows of a layer's weights. */
  interface GradientTile {

    /**
     * Uses it up.
     *
     * @param gradient from the first number on
     * @param at its first number's position in the weights
     */
    void take(FloatBuffer gradient, int at, int count);
  }

  /**
   * Allocates.
   *
   * @param maps what comes in, {@code [batch][inputs]}
   * @param firstLayer the lowest whose slopes are wanted
   * @param slopesByInput whether those by the maps are wanted too
   */
  DenseTraining(
      DirectWeights weights,
      MemoryPlan plan,
      INDArray maps,
      int firstLayer,
      boolean slopesByInput,
      DropoutMasks dropout,
      double labelSmoothing,
      Workers workers) {
    this.weights = weights;
    this.layers = weights.network().dense();
    this.firstLayer = firstLayer;
    this.slopesByInput = slopesByInput;
    this.dropout = dropout;
    this.labelSmoothing = labelSmoothing;
    this.workers = workers;
    INDArray from = maps;
    long widest = slopesByInput ? maps.size(1) : 1;
    for (int i = 0; i < layers.size(); i++) {
      Dense layer = layers.get(i);
      inputs.add(from);
      INDArray activation = DirectWeights.allocate(plan.batch(), layer.units());
      activations.add(activation);
      from = layer.dropout() > 0 ? DirectWeights.allocate(plan.batch(), layer.units()) : activation;
      outputs.add(from);
      slopes.add(DirectWeights.allocate(plan.batch(), layer.units()));
      if (i > firstLayer) {
        widest = Math.max(widest, inputs.get(i).size(1));
      }
    }
    transposed = DirectWeights.allocate(widest * plan.part());
    tile = DirectWeights.allocate(tileNumbers(layers));
  }

  /** How many numbers the largest tile has. */
  static long tileNumbers(List<Dense> layers) {
    return layers.stream()
        .mapToLong(layer -> (long) tileRows(layer) * layer.units())
        .max()
        .orElse(0);
  }

  private static int tileRows(Dense layer) {
    return Math.max(1, TILE / layer.units());
  }

  /** Computes the answers of a part of the batch. */
  void forward(long step, int first, int size) {
    List<List<Step>> steps =
        forwardSteps.computeIfAbsent(new Place(first, size), this::forwardSteps);
    for (int i = 0; i < layers.size(); i++) {
      steps.get(i).forEach(Step::run);
      drop(step, i, first, size);
    }
  }

  /** By layer, up to its activation. */
  private List<List<Step>> forwardSteps(Place place) {
    List<List<Step>> steps = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      INDArray to = rows(activations.get(i), place);
      List<Step> ofLayer = new ArrayList<>();
      ofLayer.add(Step.product(rows(inputs.get(i), place), weights.dense(i).weights(), to));
      ofLayer.add(Step.addBias(to, weights.dense(i).bias()));
      Step.activation(layers.get(i).activation(), to).ifPresent(ofLayer::add);
      steps.add(ofLayer);
    }
    return steps;
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
          float[] mask = new float[units];
          from.get(row * units, values);
          dropout.row(step, index, row, layer.dropout(), mask);
          for (int unit = 0; unit < units; unit++) {
            values[unit] *= mask[unit];
          }
          to.put(row * units, values);
        });
  }

  /**
   * Compares a part's answers with the classes and takes the slopes back to the lowest layer
   * wanted.
   *
   * @param classes of the whole batch
   * @return the sum of the part's cross entropies
   */
  double backward(long step, int[] classes, int first, int size) {
    double[] losses = new double[size];
    workers.run(size, (worker, i) -> losses[i] = compare(step, classes, first + i));
    for (int i = layers.size() - 1; i > firstLayer; i--) {
      Place place = new Place(first, size);
      backwardSteps.computeIfAbsent(new Backward(i, place), this::backwardStep).run();
      int below = i - 1;
      FloatBuffer to = DirectWeights.buffer(slopes.get(below));
      int units = layers.get(below).units();
      transpose(0, size, size, units, to, first * units);
      workers.run(size, (worker, row) -> backThroughActivation(step, below, first + row));
    }
    if (slopesByInput) {
      backwardSteps
          .computeIfAbsent(new Backward(0, new Place(first, size)), this::backwardStep)
          .run();
    }
    return Arrays.stream(losses).sum();
  }

  /**
   * Writes the slopes by what came in.
   *
   * @param first of the part that {@link #backward} had last
   * @param partSize that part's crops
   */
  void inputSlopes(int first, int size, int partSize, FloatBuffer to) {
    transpose(first, size, partSize, (int) inputs.get(0).size(1), to, 0);
  }

  /** Puts columns of {@code [units][partSize]} into rows. */
  private void transpose(
      int firstColumn, int columns, int partSize, int units, FloatBuffer to, int at) {
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
            to.put(at + column * units + firstUnit, row);
          }
        });
  }

  /** {@code weights * slopes^T}. */
  private Step backwardStep(Backward backward) {
    INDArray layerSlopes = rows(slopes.get(backward.layer()), backward.place());
    long units = inputs.get(backward.layer()).size(1);
    int size = backward.place().size();
    INDArray to = DirectWeights.rows(transposed, 0, (int) (units * size)).reshape('c', units, size);
    return Step.productByTransposed(weights.dense(backward.layer()).weights(), layerSlopes, to);
  }

  /** Writes a row's slopes by the last layer's sums and gives its cross entropy. */
  private double compare(long step, int[] classes, int row) {
    int last = layers.size() - 1;
    int units = layers.get(last).units();
    float[] logits = new float[units];
    DirectWeights.buffer(outputs.get(last)).get(row * units, logits);
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
    float[] rowSlopes = new float[units];
    for (int i = 0; i < units; i++) {
      double target = labelSmoothing / units + (i == classes[row] ? 1 - labelSmoothing : 0);
      rowSlopes[i] = (float) ((exponentials[i] / sum - target) / classes.length);
    }
    DirectWeights.buffer(slopes.get(last)).put(row * units, rowSlopes);
    backThroughActivation(step, last, row);
    return largest
        + Math.log(sum)
        - (1 - labelSmoothing) * logits[classes[row]]
        - labelSmoothing * meanLogit;
  }

  /** Turns a row's slopes by a layer's output into those by its sums. */
  private void backThroughActivation(long step, int index, int row) {
    Dense layer = layers.get(index);
    if (layer.dropout() == 0 && layer.activation() == Activation.IDENTITY) {
      return;
    }
    int units = layer.units();
    float[] values = new float[units];
    FloatBuffer all = DirectWeights.buffer(slopes.get(index));
    all.get(row * units, values);
    if (layer.dropout() > 0) {
      float[] mask = new float[units];
      dropout.row(step, index, row, layer.dropout(), mask);
      for (int i = 0; i < units; i++) {
        values[i] *= mask[i];
      }
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

  /** Gives the gradient of a layer's weights over the batch, tile by tile. */
  void weightSlopes(int layer, int batch, GradientTile consumer) {
    int inputUnits = (int) inputs.get(layer).size(1);
    int units = layers.get(layer).units();
    int rows = tileRows(layers.get(layer));
    for (int first = 0; first < inputUnits; first += rows) {
      int count = Math.min(rows, inputUnits - first);
      tileSteps.computeIfAbsent(new Tile(layer, first, count, batch), this::tileStep).run();
      consumer.take(DirectWeights.buffer(tile), first * units, count * units);
    }
  }

  private Step tileStep(Tile part) {
    Place place = new Place(0, part.crops());
    int units = layers.get(part.layer()).units();
    INDArray columns =
        inputs
            .get(part.layer())
            .get(
                NDArrayIndex.interval(0, part.crops()),
                NDArrayIndex.interval(part.firstRow(), part.firstRow() + part.rows()));
    INDArray to = DirectWeights.rows(tile, 0, part.rows() * units).reshape('c', part.rows(), units);
    return Step.productOfTransposed(columns, rows(slopes.get(part.layer()), place), to, false);
  }

  /** The gradient of a layer's biases over the batch. */
  float[] biasSlopes(int layer, int batch) {
    int units = layers.get(layer).units();
    FloatBuffer from = DirectWeights.buffer(slopes.get(layer));
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
    forwardSteps.clear();
    backwardSteps.clear();
    tileSteps.clear();
    for (int i = 0; i < layers.size(); i++) {
      activations.get(i).close();
      if (outputs.get(i) != activations.get(i)) {
        outputs.get(i).close();
      }
      slopes.get(i).close();
    }
    transposed.close();
    tile.close();
  }
}
