package io.tagstream.model.engine.nd4j;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.TrainingMemory;
import io.tagstream.model.engine.TrainingStep.Setup;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * How a batch is divided so that a training stays within its memory.
 *
 * @param batch the most crops of a step
 * @param part crops whose maps are kept for the backward pass: the batch passes in such parts, and
 *     their gradients are summed
 * @param chunk crops that pass the convolutions together
 * @param firstBlock index of the lowest convolution that trains; the number of convolutions if none
 *     does
 */
record MemoryPlan(int batch, int part, int chunk, int firstBlock) {
  /** Enough crops to keep an op busy; with more the arrays no longer fit into the cache. */
  private static final int CHUNK = 32;

  private static final long MEBIBYTE = 1 << 20;

  /**
   * The memory that oneDNN holds while an op runs, for reordered copies and Winograd's transforms,
   * as a multiple of a chunk's pre-activations and their gradient. {@link #WORKSPACE} comes on top,
   * whatever the batch. Both measured.
   */
  private static final double WORKSPACE_SHARE = 3.4;

  private static final long WORKSPACE = 64 * MEBIBYTE;

  /**
   * The plan with the largest parts that the setup's memory allows.
   *
   * @param shares of all devices, which share the memory
   * @throws ModelException if the memory does not suffice for one image
   */
  static MemoryPlan of(Setup setup, List<DeviceShare> shares) {
    int batch = setup.batchSize();
    int firstBlock = firstBlock(setup);
    for (int part = batch; part > 0; part--) {
      // Parts are whole chunks: a smaller last chunk costs more per crop.
      if (part == batch || part <= CHUNK || part % CHUNK == 0) {
        MemoryPlan plan = inParts(batch, part, firstBlock);
        if (plan.bytes(setup, shares) <= setup.memoryBytes()) {
          return plan;
        }
      }
    }
    throw new ModelException(
        ("training this network in batches of %d needs %d MiB even if the images pass one by one,"
                + " but may use %d MiB: raise training.memory or use smaller batches")
            .formatted(
                batch,
                inMebibytes(inParts(batch, 1, firstBlock).bytes(setup, shares)),
                setup.memoryBytes() / MEBIBYTE));
  }

  /** A plan whose chunks are as large as its parts allow. */
  static MemoryPlan inParts(int batch, int part, int firstBlock) {
    return new MemoryPlan(batch, part, Math.min(part, CHUNK), firstBlock);
  }

  private static long inMebibytes(long bytes) {
    return (bytes + MEBIBYTE - 1) / MEBIBYTE;
  }

  private static int firstBlock(Setup setup) {
    List<Convolution> layers = setup.start().network().convolutions();
    return IntStream.range(0, layers.size())
        .filter(i -> trains(setup, layers.get(i).name()))
        .findFirst()
        .orElse(layers.size());
  }

  private static boolean trains(Setup setup, String layer) {
    return setup.trainable().contains(layer + ".weight")
        || setup.trainable().contains(layer + ".bias");
  }

  /**
   * Crops for which an array has room.
   *
   * @param kept whether the backward pass reads the array
   */
  int crops(boolean kept) {
    return kept ? part : chunk;
  }

  /** Estimates the memory that the training holds outside the heap on all devices. */
  long bytes(Setup setup, List<DeviceShare> shares) {
    int kept = UpdateRule.of(setup.optimizer()).states() + (setup.averaging().isPresent() ? 1 : 0);
    return shares.stream().mapToLong(share -> memory(share, setup.trainable(), kept).total()).sum();
  }

  /**
   * Estimates the memory that the training holds outside the heap on one device.
   *
   * @param trainable names of the parameters that train
   * @param kept numbers that the optimizer and the average keep for each trainable number
   */
  TrainingMemory memory(DeviceShare share, Set<String> trainable, int kept) {
    List<TrainingMemory.Row> rows = new ArrayList<>();
    long crops = crops(firstBlock == 0) * area(share.network().inputSize());
    rows.add(
        new TrainingMemory.Row(
            "input", 0, 0, 0, Float.BYTES * crops * NetworkDescription.INPUT_CHANNELS));
    for (int i = 0; i < share.convolutions().size(); i++) {
      Convolution layer = share.convolutions().get(i);
      long kernels =
          area(layer.kernel()) * share.inputChannels(i) * layer.channels() / layer.groups();
      long gradients = i >= firstBlock ? 2 * kernels : 0;
      rows.add(row(share, layer.name(), trainable, kept, gradients, activations(share, i)));
    }
    for (int i = 0; i < share.dense().size(); i++) {
      Dense layer = share.dense().get(i);
      // After the activation, after dropout, and the gradient.
      long numbers = (long) batch * layer.units() * (layer.dropout() > 0 ? 3 : 2);
      if (i == 0 || share.isTower()) {
        numbers += batch * inputs(share, i);
      }
      rows.add(row(share, layer.name(), trainable, kept, 0, numbers));
    }
    return new TrainingMemory(rows, workspace(share));
  }

  private static TrainingMemory.Row row(
      DeviceShare share,
      String layer,
      Set<String> trainable,
      int kept,
      long gradients,
      long activations) {
    long weights = 0;
    long optimizer = 0;
    for (Parameter parameter : share.parameters()) {
      if (parameter.layer().equals(layer)) {
        weights += parameter.count();
        optimizer += trainable.contains(parameter.name()) ? kept * parameter.count() : 0;
      }
    }
    return new TrainingMemory.Row(
        layer,
        Float.BYTES * weights,
        Float.BYTES * gradients,
        Float.BYTES * optimizer,
        Float.BYTES * activations);
  }

  /** The memory that the layers use in turn, in bytes. */
  private long workspace(DeviceShare share) {
    long library = 0;
    long patches = 0;
    List<Integer> sides = share.network().sides();
    for (int i = 0; i < share.convolutions().size(); i++) {
      Convolution layer = share.convolutions().get(i);
      long positions = area(layer.convolvedSide(sides.get(i)));
      library = Math.max(library, 2L * chunk * positions * layer.channels());
      if (i == firstBlock) {
        patches = positions * KernelGradient.patchNumbers(layer, share.inputChannels(i));
      }
    }
    long widest = 0;
    for (int i = 0; i < share.dense().size(); i++) {
      widest = Math.max(widest, inputs(share, i));
    }
    long inputGradient = part * widest * (share.isTower() ? 2 : 1);
    long numbers =
        DenseTraining.tileNumbers(share.dense())
            + inputGradient
            + patches
            + Math.round(WORKSPACE_SHARE * library);
    return Float.BYTES * numbers + WORKSPACE / share.count();
  }

  /** The number of crops with which the largest array reaches the limit of an array, 2 GiB. */
  static int mostCrops(DeviceShare share) {
    long largest = area(share.network().inputSize()) * NetworkDescription.INPUT_CHANNELS;
    List<Integer> sides = share.network().sides();
    for (int i = 0; i < share.convolutions().size(); i++) {
      Convolution layer = share.convolutions().get(i);
      int end = layer.pool().map(MaxPool::endPadding).orElse(0);
      int channels = layer.channels() + TowerNormalization.extraChannels(share, i);
      largest = Math.max(largest, area(layer.convolvedSide(sides.get(i)) + end) * channels);
    }
    return Math.toIntExact(Integer.MAX_VALUE / (Float.BYTES * largest));
  }

  /** Numbers in a convolution's arrays. Its input is counted only where both towers' maps join. */
  private long activations(DeviceShare share, int index) {
    Convolution layer = share.convolutions().get(index);
    int side = share.network().sides().get(index);
    boolean back = index >= firstBlock;
    int convolved = layer.convolvedSide(side);
    int end = layer.pool().map(MaxPool::endPadding).orElse(0);
    long maps = area(convolved) * layer.channels();
    long padded = end == 0 ? 0 : area(convolved + end) * layer.channels();
    long output = area(layer.outputSide(side)) * layer.channels();
    long wide =
        area(convolved) * (layer.channels() + TowerNormalization.extraChannels(share, index));
    long widened = wide == maps ? 0 : wide;
    long numbers =
        crops(back) * (maps * (layer.normalization().isPresent() ? 2 : 1) + padded + widened);
    numbers += chunk * widened;
    boolean last = index == share.convolutions().size() - 1;
    if (last ? share.isTower() : share.joins(index + 1)) {
      numbers += chunk * output;
    } else if (!last) {
      numbers += crops(index + 1 >= firstBlock) * output;
    }
    if (back) {
      numbers += chunk * (output + (layer.pool().isPresent() ? maps : 0) + padded);
    }
    if (share.joins(index)) {
      long input = area(side) * share.inputChannels(index);
      numbers += (crops(back) + (index > firstBlock ? chunk : 0)) * input;
    }
    return numbers;
  }

  /** The inputs of a dense layer, from all devices. */
  private static long inputs(DeviceShare share, int index) {
    NetworkDescription network = share.network();
    if (index > 0) {
      return network.dense().get(index - 1).units();
    }
    int last = network.convolutions().size() - 1;
    return area(network.sides().get(last + 1)) * network.convolutions().get(last).channels();
  }

  private static long area(int side) {
    return (long) side * side;
  }
}
