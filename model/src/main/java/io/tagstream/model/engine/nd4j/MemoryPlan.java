package io.tagstream.model.engine.nd4j;

import io.tagstream.model.ModelException;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.training.TrainingStep.Setup;
import java.util.List;
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
   * What oneDNN holds while an op runs, as a share of a chunk's maps and slopes, and whatever the
   * batch: its reordered copies and Winograd's transforms. Measured.
   */
  private static final double WORKSPACE_SHARE = 1.5;

  private static final long WORKSPACE = 64 * MEBIBYTE;

  /**
   * The plan with the largest parts that the setup's memory allows.
   *
   * @throws ModelException when it does not allow one image
   */
  static MemoryPlan of(Setup setup) {
    int batch = setup.batchSize();
    int firstBlock = firstBlock(setup);
    for (int part = batch; part > 0; part--) {
      // Parts of whole chunks: a smaller last chunk costs as much as it computes, and more.
      if (part == batch || part <= CHUNK || part % CHUNK == 0) {
        MemoryPlan plan = new MemoryPlan(batch, part, Math.min(part, CHUNK), firstBlock);
        if (plan.bytes(setup) <= setup.memoryBytes()) {
          return plan;
        }
      }
    }
    throw new ModelException(
        ("training this network in batches of %d needs %d MiB even when the images pass one by"
                + " one, and may use %d: raise training.memory or take smaller batches")
            .formatted(
                batch,
                inMebibytes(new MemoryPlan(batch, 1, 1, firstBlock).bytes(setup)),
                setup.memoryBytes() / MEBIBYTE));
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

  /** An estimate of what the training holds outside the heap. */
  long bytes(Setup setup) {
    NetworkDescription network = setup.start().network();
    int kept = UpdateRule.of(setup.optimizer()).states() + (setup.averaging().isPresent() ? 1 : 0);
    long numbers = 0;
    for (Parameter parameter : network.parameters()) {
      boolean trains = setup.trainable().contains(parameter.name());
      numbers += parameter.count() * (trains ? 1 + kept : 1);
    }
    long workspace = 0;
    int inputChannels = NetworkDescription.INPUT_CHANNELS;
    int side = network.inputSize();
    numbers += (long) crops(firstBlock == 0) * side * side * inputChannels;
    for (int i = 0; i < network.convolutions().size(); i++) {
      Convolution layer = network.convolutions().get(i);
      boolean back = i >= firstBlock;
      long input = (long) side * side * inputChannels;
      long sums = area(layer.convolvedSide(side)) * layer.channels();
      int end = layer.pool().map(MaxPool::endPadding).orElse(0);
      long padded = end == 0 ? 0 : area(layer.convolvedSide(side) + end) * layer.channels();
      long output = area(layer.outputSide(side)) * layer.channels();
      long maps = sums * (layer.normalization().isPresent() ? 2 : 1) + padded;
      numbers += crops(back) * maps + crops(i + 1 >= firstBlock) * output;
      if (back) {
        numbers += (long) chunk * (output + sums + padded);
        numbers +=
            2L
                * layer.kernel()
                * layer.kernel()
                * inputChannels
                / layer.groups()
                * layer.channels();
      }
      if (i == firstBlock) {
        numbers +=
            area(layer.convolvedSide(side)) * KernelGradient.patchNumbers(layer, inputChannels);
      }
      workspace = Math.max(workspace, (long) chunk * (2 * sums + input));
      side = layer.outputSide(side);
      inputChannels = layer.channels();
    }
    long inputs = area(side) * inputChannels;
    numbers += batch * inputs + part * inputs;
    for (Dense layer : network.dense()) {
      numbers += batch * 3L * layer.units();
    }
    numbers += DenseTraining.tileNumbers(network.dense());
    return Float.BYTES * (numbers + Math.round(WORKSPACE_SHARE * workspace)) + WORKSPACE;
  }

  private static long area(int side) {
    return (long) side * side;
  }
}
