package io.tagstream.model.engine.nd4j;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DropoutMasks;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.TrainingStep.Setup;
import io.tagstream.model.engine.Workers;
import io.tagstream.model.engine.towers.TowerLink;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.DeviceShare;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One device's part of a training step. It owns the device's share of the network and all its
 * memory.
 */
final class DeviceTraining implements AutoCloseable {
  private final Setup setup;
  private final DeviceShare share;
  private final MemoryPlan plan;
  private final int threads;
  private final DirectWeights weights;
  private final Map<ArrayLayout, TrainedArray> trained = new LinkedHashMap<>();
  private final UpdateRule rule;
  private final Workers workers;
  private final List<TrainedArray.Scratch> scratch;

  /** {@code [batch][side][side][channels]}: the output of all devices' convolutions. */
  private final INDArray maps;

  private final ConvolutionTraining convolutions;
  private final DenseTraining dense;

  /**
   * @param threads that compute on this device
   * @param link to the other tower, if there is one
   */
  DeviceTraining(
      Setup setup, DeviceShare share, MemoryPlan plan, int threads, Optional<TowerLink> link) {
    this.setup = setup;
    this.share = share;
    this.plan = plan;
    this.threads = threads;
    rule = UpdateRule.of(setup.optimizer());
    OpenMp.useThreads(threads);
    weights =
        new DirectWeights(
            share,
            setup.start(),
            new Normalization(setup.preprocessing()),
            threads,
            Throttle.none());
    weights
        .arrays()
        .forEach(
            (layout, array) -> {
              if (setup.trainable().contains(layout.parameter())) {
                trained.put(
                    layout, new TrainedArray(array, rule.states(), setup.averaging().isPresent()));
              }
            });
    workers = new Workers("training-step", threads);
    scratch =
        Stream.generate(() -> new TrainedArray.Scratch(rule.states())).limit(threads).toList();
    List<Integer> sides = share.network().sides();
    long side = sides.get(sides.size() - 1);
    List<Convolution> layers = share.network().convolutions();
    maps =
        DirectWeights.allocate(plan.batch(), side, side, layers.get(layers.size() - 1).channels());
    convolutions = new ConvolutionTraining(weights, plan, maps, setup.trainable(), workers, link);
    dense =
        new DenseTraining(
            weights,
            plan,
            maps.reshape('c', plan.batch(), maps.length() / plan.batch()),
            firstDense(),
            trainsConvolutions(),
            new DropoutMasks(setup.seed()),
            setup.labelSmoothing(),
            workers,
            link);
  }

  private boolean trainsConvolutions() {
    return plan.firstBlock() < share.network().convolutions().size();
  }

  /** Index of the lowest dense layer whose gradient is computed. */
  private int firstDense() {
    List<Dense> layers = share.network().dense();
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

  /**
   * Sums the batch's gradients and updates the trainable parameters.
   *
   * @param steps number of steps before this one
   * @return the crops' cross entropies, summed
   */
  double step(CropBatch crops, int[] classes, double learningRate, long steps) {
    OpenMp.useThreads(threads);
    int size = crops.size();
    double loss = 0;
    for (int first = 0; first < size; first += plan.part()) {
      int part = Math.min(plan.part(), size - first);
      boolean begin = first == 0;
      convolutions.forward(crops, first, part);
      dense.forward(steps, first, part);
      loss += dense.backward(steps, classes, first, part);
      if (trainsConvolutions()) {
        convolutions.backward(
            first, part, begin, (chunk, count, to) -> dense.inputGradient(chunk, count, part, to));
      }
    }
    update(size, learningRate, steps);
    return loss;
  }

  private void update(int size, double learningRate, long steps) {
    double highest = setup.averaging().orElse(0.0);
    double kept = Math.min(highest, (1.0 + steps) / (10.0 + steps));
    TrainedArray.Move move =
        new TrainedArray.Move(rule.begin(learningRate, steps), (float) kept, workers, scratch);
    List<Convolution> layers = share.convolutions();
    for (int i = plan.firstBlock(); i < layers.size(); i++) {
      ConvolutionGradient gradient = convolutions.gradient(i);
      String name = layers.get(i).name();
      List<TrainedArray> kernels = trained(name + ".weight");
      for (int group = 0; group < kernels.size(); group++) {
        INDArray kernelGradient = gradient.kernelGradient(group);
        int count = (int) kernelGradient.length();
        kernels.get(group).move(move, DirectWeights.buffer(kernelGradient), 0, 0, count);
      }
      moveBiases(move, name, gradient.biasGradient());
    }
    List<Dense> denseLayers = share.dense();
    for (int i = 0; i < denseLayers.size(); i++) {
      String name = denseLayers.get(i).name();
      for (TrainedArray array : trained(name + ".weight")) {
        dense.weightGradient(i, size, (tile, at, count) -> array.move(move, tile, 0, at, count));
      }
      if (!trained(name + ".bias").isEmpty()) {
        moveBiases(move, name, dense.biasGradient(i, size));
      }
    }
  }

  private void moveBiases(TrainedArray.Move move, String layer, float[] gradient) {
    int from = 0;
    for (TrainedArray array : trained(layer + ".bias")) {
      int count = (int) array.values().length();
      array.move(move, FloatBuffer.wrap(gradient), from, 0, count);
      from += count;
    }
  }

  /** The parameter's arrays by group; empty if it does not train. */
  private List<TrainedArray> trained(String parameter) {
    return trained.entrySet().stream()
        .filter(entry -> entry.getKey().parameter().equals(parameter))
        .map(Map.Entry::getValue)
        .toList();
  }

  /** Copies the device's share of the weights. */
  void copyWeights(Map<String, FloatBuffer> whole) {
    weights.copyOut(weights.arrays()::get, whole);
  }

  /** Copies the device's share of the averaged weights; of the weights if none are averaged. */
  void copyAverages(Map<String, FloatBuffer> whole) {
    weights.copyOut(
        layout -> {
          TrainedArray array = trained.get(layout);
          return array == null ? weights.arrays().get(layout) : array.averageOrValues();
        },
        whole);
  }

  /** All arrays that the next steps depend on. */
  List<INDArray> state() {
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
