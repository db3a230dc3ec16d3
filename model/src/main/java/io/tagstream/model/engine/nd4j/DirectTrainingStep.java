package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.training.DropoutMasks;
import io.tagstream.model.training.TrainingStep;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A training step of ND4J ops executed one after the other on arrays allocated once, forward and
 * back, with the rest of the arithmetic in Java. The batch passes in parts that fit the setup's
 * memory; the update is the same to rounding. With one thread every number is the same in every
 * run.
 */
public final class DirectTrainingStep implements TrainingStep {
  private final Setup setup;
  private final NetworkDescription network;
  private final MemoryPlan plan;
  private final DirectWeights weights;
  private final Map<ArrayLayout, TrainedArray> trained = new LinkedHashMap<>();
  private final UpdateRule rule;
  private final Workers workers;
  private final List<TrainedArray.Scratch> scratch;

  /** {@code [batch][side][side][channels]}: what the convolutions leave. */
  private final INDArray maps;

  private final ConvolutionTraining convolutions;
  private final DenseTraining dense;
  private long steps;

  /** As {@link TrainingStep.Factory} has it. */
  public DirectTrainingStep(Setup setup) {
    this.setup = setup;
    network = setup.start().network();
    plan = MemoryPlan.of(setup);
    rule = UpdateRule.of(setup.optimizer());
    OpenMp.useThreads(setup.threads());
    weights =
        new DirectWeights(setup.start(), new Normalization(setup.preprocessing()), setup.threads());
    weights
        .arrays()
        .forEach(
            (layout, array) -> {
              if (setup.trainable().contains(layout.parameter())) {
                trained.put(
                    layout, new TrainedArray(array, rule.states(), setup.averaging().isPresent()));
              }
            });
    workers = new Workers(setup.threads());
    scratch =
        Stream.generate(() -> new TrainedArray.Scratch(rule.states()))
            .limit(setup.threads())
            .toList();
    List<Integer> sides = network.sides();
    long side = sides.get(sides.size() - 1);
    List<Convolution> layers = network.convolutions();
    maps =
        DirectWeights.allocate(plan.batch(), side, side, layers.get(layers.size() - 1).channels());
    convolutions = new ConvolutionTraining(weights, plan, maps, setup.trainable(), workers);
    dense =
        new DenseTraining(
            weights,
            plan,
            maps.reshape('c', plan.batch(), maps.length() / plan.batch()),
            firstDense(),
            trainsConvolutions(),
            new DropoutMasks(setup.seed()),
            setup.labelSmoothing(),
            workers);
  }

  private boolean trainsConvolutions() {
    return plan.firstBlock() < network.convolutions().size();
  }

  /** The lowest dense layer whose slopes are wanted. */
  private int firstDense() {
    List<Dense> layers = network.dense();
    return trainsConvolutions()
        ? 0
        : IntStream.range(0, layers.size())
            .filter(
                i ->
                    setup.trainable().contains(layers.get(i).name() + ".weight")
                        || setup.trainable().contains(layers.get(i).name() + ".bias"))
            .findFirst()
            .orElseThrow();
  }

  @Override
  public double step(CropBatch crops, int[] classes, double learningRate) {
    int size = crops.size();
    if (size > plan.batch() || size != classes.length) {
      throw new IllegalArgumentException(
          "%d crops and %d classes, where a step takes up to %d"
              .formatted(size, classes.length, plan.batch()));
    }
    OpenMp.useThreads(setup.threads());
    double loss = 0;
    for (int first = 0; first < size; first += plan.part()) {
      int part = Math.min(plan.part(), size - first);
      boolean begin = first == 0;
      convolutions.forward(crops, first, part);
      dense.forward(steps, first, part);
      loss += dense.backward(steps, classes, first, part);
      if (trainsConvolutions()) {
        convolutions.backward(
            first, part, begin, (chunk, count, to) -> dense.inputSlopes(chunk, count, part, to));
      }
    }
    update(size, learningRate);
    steps++;
    return loss / size;
  }

  private void update(int size, double learningRate) {
    double highest = setup.averaging().orElse(0.0);
    double kept = Math.min(highest, (1.0 + steps) / (10.0 + steps));
    TrainedArray.Move move =
        new TrainedArray.Move(rule.begin(learningRate, steps), (float) kept, workers, scratch);
    for (int i = plan.firstBlock(); i < network.convolutions().size(); i++) {
      ConvolutionGradient gradient = convolutions.gradient(i);
      String name = network.convolutions().get(i).name();
      List<TrainedArray> kernels = trained(name + ".weight");
      for (int group = 0; group < kernels.size(); group++) {
        INDArray slopes = gradient.kernelSlopes(group);
        int count = (int) slopes.length();
        kernels.get(group).move(move, DirectWeights.buffer(slopes), 0, 0, count);
      }
      moveBiases(move, name, gradient.biasSlopes());
    }
    for (int i = 0; i < network.dense().size(); i++) {
      String name = network.dense().get(i).name();
      for (TrainedArray array : trained(name + ".weight")) {
        dense.weightSlopes(i, size, (slopes, at, count) -> array.move(move, slopes, 0, at, count));
      }
      if (!trained(name + ".bias").isEmpty()) {
        moveBiases(move, name, dense.biasSlopes(i, size));
      }
    }
  }

  private void moveBiases(TrainedArray.Move move, String layer, float[] slopes) {
    int from = 0;
    for (TrainedArray array : trained(layer + ".bias")) {
      int count = (int) array.values().length();
      array.move(move, FloatBuffer.wrap(slopes), from, 0, count);
      from += count;
    }
  }

  /** By group; none where the parameter stays as it is. */
  private List<TrainedArray> trained(String parameter) {
    return trained.entrySet().stream()
        .filter(entry -> entry.getKey().parameter().equals(parameter))
        .map(Map.Entry::getValue)
        .toList();
  }

  @Override
  public Weights weights() {
    return ArrayLayout.collect(network, weights.arrays()::get);
  }

  @Override
  public Weights averaged() {
    return ArrayLayout.collect(
        network,
        layout -> {
          TrainedArray array = trained.get(layout);
          return array == null ? weights.arrays().get(layout) : array.averageOrValues();
        });
  }

  @Override
  public void save(OutputStream to) throws IOException {
    TrainingSnapshot.write(setup, steps, state(), to);
  }

  @Override
  public void restore(InputStream from) throws IOException {
    steps = TrainingSnapshot.read(setup, state(), from);
  }

  private List<INDArray> state() {
    List<INDArray> state = new ArrayList<>(weights.arrays().values());
    trained.values().forEach(array -> state.addAll(array.kept()));
    return state;
  }

  @Override
  public void close() {
    workers.close();
    dense.close();
    convolutions.close();
    maps.close();
    trained.values().forEach(TrainedArray::close);
    weights.close();
  }
}
