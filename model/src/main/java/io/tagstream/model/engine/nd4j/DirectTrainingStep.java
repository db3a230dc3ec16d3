package io.tagstream.model.engine.nd4j;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingMemory;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.towers.TowerPair;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A training step of ND4J ops, executed one after the other on arrays that are allocated once; the
 * rest of the arithmetic is Java. It runs on one device, or as one tower on each of two. The batch
 * passes in parts that fit into the setup's memory; the update is the same up to rounding. With one
 * thread per device every run computes the same numbers.
 */
public final class DirectTrainingStep implements TrainingStep {
  private final Setup setup;
  private final MemoryPlan plan;
  private final Optional<TowerPair> pair;
  private final List<DeviceTraining> devices = new ArrayList<>();
  private long steps;

  /** A training step on one device. */
  public DirectTrainingStep(Setup setup) {
    this(setup, List.of(DeviceShare.whole(setup.start().network())), Optional.empty());
  }

  private DirectTrainingStep(Setup setup, List<DeviceShare> shares, Optional<TowerPair> pair) {
    this.setup = setup;
    this.pair = pair;
    plan = MemoryPlan.of(setup, shares);
    int threads = Math.max(1, setup.threads() / shares.size());
    try {
      for (DeviceShare share : shares) {
        devices.add(
            new DeviceTraining(
                setup, share, plan, threads, pair.map(towers -> towers.link(share.index()))));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * A tower on each of two devices. A device is a team of half the setup's threads, at least one.
   * The update is that of one device, up to rounding.
   *
   * @throws ModelException if the network cannot be halved; the message names the layer
   */
  public static DirectTrainingStep inTowers(Setup setup) {
    List<DeviceShare> shares;
    try {
      shares = DeviceShare.towers(setup.start().network());
    } catch (IllegalArgumentException e) {
      throw new ModelException(
          e.getMessage() + ": it trains on one device, with training.towers=1", e);
    }
    return new DirectTrainingStep(setup, shares, Optional.of(new TowerPair()));
  }

  /**
   * The factory for a number of towers.
   *
   * @param towers 1 for one device, 2 for a tower on each of two
   */
  public static TrainingStep.Factory on(int towers) {
    return towers == 1 ? DirectTrainingStep::new : DirectTrainingStep::inTowers;
  }

  /**
   * Estimates the memory for training all of a device's share, with the batch in one part.
   *
   * @param averaged whether an average of the weights is kept
   */
  public static TrainingMemory memory(
      DeviceShare share, Optimizer optimizer, boolean averaged, int batch) {
    Set<String> all =
        share.parameters().stream().map(Parameter::name).collect(Collectors.toUnmodifiableSet());
    int kept = UpdateRule.of(optimizer).states() + (averaged ? 1 : 0);
    return MemoryPlan.inParts(batch, batch, 0).memory(share, all, kept);
  }

  /**
   * The largest batch that passes in one part within {@code bytes}; 0 if not even one image does.
   */
  public static int largestBatch(
      DeviceShare share, Optimizer optimizer, boolean averaged, long bytes) {
    int fits = 0;
    int tooLarge = MemoryPlan.mostCrops(share) + 1;
    while (tooLarge - fits > 1) {
      int batch = (fits + tooLarge) / 2;
      if (memory(share, optimizer, averaged, batch).total() <= bytes) {
        fits = batch;
      } else {
        tooLarge = batch;
      }
    }
    return fits;
  }

  @Override
  public double step(CropBatch crops, int[] classes, double learningRate) {
    int size = crops.size();
    if (size > plan.batch() || size != classes.length) {
      throw new IllegalArgumentException(
          "%d crops and %d classes, where a step takes up to %d"
              .formatted(size, classes.length, plan.batch()));
    }
    double[] losses = new double[devices.size()];
    if (pair.isPresent()) {
      pair.get()
          .run(
              tower ->
                  losses[tower] = devices.get(tower).step(crops, classes, learningRate, steps));
    } else {
      losses[0] = devices.get(0).step(crops, classes, learningRate, steps);
    }
    steps++;
    return losses[0] / size;
  }

  @Override
  public Weights weights() {
    return collect(DeviceTraining::copyWeights);
  }

  @Override
  public Weights averaged() {
    return collect(DeviceTraining::copyAverages);
  }

  private Weights collect(BiConsumer<DeviceTraining, Map<String, FloatBuffer>> copy) {
    NetworkDescription network = setup.start().network();
    Map<String, FloatBuffer> values = ArrayLayout.allocate(network);
    devices.forEach(device -> copy.accept(device, values));
    return new Weights(network, values);
  }

  /**
   * The bytes that each tower received from the other since the last call, in forward and backward
   * pass together, by the layer that waited for them; empty on one device.
   */
  public Map<String, Long> takeExchangedBytes() {
    return pair.map(towers -> towers.link(0).takeReceivedBytes()).orElseGet(LinkedHashMap::new);
  }

  @Override
  public void save(OutputStream to) throws IOException {
    TrainingCheckpoint.write(setup, devices.size(), steps, state(), to);
  }

  @Override
  public void restore(InputStream from) throws IOException {
    steps = TrainingCheckpoint.read(setup, devices.size(), state(), from);
  }

  private List<INDArray> state() {
    return devices.stream().flatMap(device -> device.state().stream()).toList();
  }

  @Override
  public void close() {
    devices.forEach(DeviceTraining::close);
    pair.ifPresent(TowerPair::close);
  }
}
