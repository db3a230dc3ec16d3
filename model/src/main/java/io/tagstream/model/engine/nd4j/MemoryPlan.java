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
 * How a batch is cut so that a training keeps within its memory.
 *
 * @param batch the most crops of a step
 * @param part crops whose maps are kept for the way back: the batch comes in such parts, whose
 *     gradients are summed
 * @param chunk crops that pass the convolutions together
 * @param firstBlock position of the lowest convolution that trains; the number of convolutions
 *     where none does
 */
record MemoryPlan(int batch, int part, int chunk, int firstBlock) {
  /** As many as give an op enough to do; more leave the cache. */
  private static final int CHUNK = 32;

  private static final long MEBIBYTE = 1 << 20;

  /**
   * What oneDNN holds while an op runs, as a share of a chunk's sums and their slopes, and whatever
   * the batch: its reordered copies and Winograd's transforms. Measured.
   */
  private static final double WORKSPACE_SHARE = 3.4;

  private static final long WORKSPACE = 64 * MEBIBYTE;

  /**
   * The plan with the largest parts that the setup's memory allows.
   *
   * @param shares the devices', whose memory is one
   * @throws ModelException when it does not allow one image
   */
  static MemoryPlan of(Setup setup, List<DeviceShare> shares) {
    int batch = setup.batchSize();
    int firstBlock = firstBlock(setup);
    for (int part = batch; part > 0; part--) {
      // Parts of whole chunks: a smaller last chunk costs as much as it computes, and more.
      if (part == batch || part <= CHUNK || part % CHUNK == 0) {
        MemoryPlan plan = inParts(batch, part, firstBlock);
        if (plan.bytes(setup, shares) <= setup.memoryBytes()) {
          return plan;
        }
      }
    }
    throw new ModelException(
        ("training this network in batches of %d needs %d MiB even when the images pass one by"
                + " one, and may use %d: raise training.memory or take smaller batches")
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

  /** Crops for which an array has room, kept for the way back or not. */
  int crops(boolean kept) {
    return kept ? part : chunk;
  }

  /** An estimate of what the training holds outside the heap on all devices. */
  long bytes(Setup setup, List<DeviceShare> shares) {
    int kept = UpdateRule.of(setup.optimizer()).states() + (setup.averaging().isPresent() ? 1 : 0);
    return shares.stream().mapToLong(share -> memory(share, setup.trainable(), kept).total()).sum();
  }

  /**
   * An estimate of what the training holds on a device.
   *
   * @param trainable names of the parameters that train
   * @param kept numbers beside each of theirs
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
      // After the activation, after dropout, the slopes.
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

  /** What the layers use in turn, in bytes. */
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
    long slopes = part * widest * (share.isTower() ? 2 : 1);
    long numbers =
        DenseTraining.tileNumbers(share.dense())
            + slopes
            + patches
            + Math.round(WORKSPACE_SHARE * library);
    return Float.BYTES * numbers + WORKSPACE / share.count();
  }

  /** With how many crops the largest array is as large as an array can be: 2 GiB. */
  static int mostCrops(DeviceShare share) {
    long largest = area(share.network().inputSize()) * NetworkDescription.INPUT_CHANNELS;
    List<Integer> sides = share.network().sides();
    for (int i = 0; i < share.convolutions().size(); i++) {
      Convolution layer = share.convolutions().get(i);
      int end = layer.pool().map(MaxPool::endPadding).orElse(0);
      int channels = layer.channels() + Seam.extraChannels(share, i);
      largest = Math.max(largest, area(layer.convolvedSide(sides.get(i)) + end) * channels);
    }
    return Math.toIntExact(Integer.MAX_VALUE / (Float.BYTES * largest));
  }

  /** A convolution's numbers, without what comes in but for a tower that gathers it. */
  private long activations(DeviceShare share, int index) {
    Convolution layer = share.convolutions().get(index);
    int side = share.network().sides().get(index);
    boolean back = index >= firstBlock;
    int convolved = layer.convolvedSide(side);
    int end = layer.pool().map(MaxPool::endPadding).orElse(0);
    long sums = area(convolved) * layer.channels();
    long padded = end == 0 ? 0 : area(convolved + end) * layer.channels();
    long output = area(layer.outputSide(side)) * layer.channels();
    long wide = area(convolved) * (layer.channels() + Seam.extraChannels(share, index));
    long seam = wide == sums ? 0 : wide;
    long numbers =
        crops(back) * (sums * (layer.normalization().isPresent() ? 2 : 1) + padded + seam);
    numbers += chunk * seam;
    boolean last = index == share.convolutions().size() - 1;
    if (last ? share.isTower() : share.joins(index + 1)) {
      numbers += chunk * output;
    } else if (!last) {
      numbers += crops(index + 1 >= firstBlock) * output;
    }
    if (back) {
      numbers += chunk * (output + (layer.pool().isPresent() ? sums : 0) + padded);
    }
    if (share.joins(index)) {
      long input = area(side) * share.inputChannels(index);
      numbers += (crops(back) + (index > firstBlock ? chunk : 0)) * input;
    }
    return numbers;
  }

  /** What comes into a dense layer, of all devices. */
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
