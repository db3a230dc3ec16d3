package io.tagstream.model.engine;

import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A network in training: computes forward pass, backward pass and update. For one thread. Closing
 * it frees its memory.
 */
public interface TrainingStep extends AutoCloseable {

  interface Factory {

    /**
     * Begins a training; the caller closes it.
     *
     * @throws io.tagstream.model.ModelException if the memory does not suffice for one image
     */
    TrainingStep begin(Setup setup);
  }

  /**
   * The definition of a training.
   *
   * @param start the initial weights, which are copied
   * @param trainable names of the parameters that train, at least one
   * @param labelSmoothing the share of each target that is spread evenly over all classes, from 0
   *     to below 1
   * @param averaging the highest decay of the weights' moving average; after t steps it is {@code
   *     min(highest, (1 + t) / (10 + t))}, so that the initial weights soon lose their influence
   * @param batchSize the most images of a step
   * @param memoryBytes the most bytes that the training may hold outside the heap; a batch that
   *     needs more passes in parts, whose gradients are summed
   * @param seed of the dropout masks
   * @param threads that compute
   */
  record Setup(
      Weights start,
      Preprocessing preprocessing,
      Set<String> trainable,
      Optimizer optimizer,
      double labelSmoothing,
      Optional<Double> averaging,
      int batchSize,
      long memoryBytes,
      long seed,
      int threads) {

    public Setup {
      Objects.requireNonNull(preprocessing);
      Objects.requireNonNull(optimizer);
      trainable = Set.copyOf(trainable);
      if (trainable.isEmpty()) {
        throw new IllegalArgumentException("a training needs a parameter to train");
      }
      Set<String> unknown = new HashSet<>(trainable);
      start.network().parameters().stream().map(Parameter::name).forEach(unknown::remove);
      if (!unknown.isEmpty()) {
        throw new IllegalArgumentException("the network has no parameters named " + unknown);
      }
      if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
        throw new IllegalArgumentException("label smoothing must be in [0, 1): " + labelSmoothing);
      }
      if (averaging.filter(decay -> !(decay >= 0 && decay < 1)).isPresent()) {
        throw new IllegalArgumentException(
            "the average's decay must be in [0, 1): " + averaging.get());
      }
      if (batchSize < 1 || memoryBytes < 1 || threads < 1) {
        throw new IllegalArgumentException(
            "a training needs a batch size, memory and threads: %d, %d, %d"
                .formatted(batchSize, memoryBytes, threads));
      }
    }
  }

  /**
   * Updates the trainable parameters once.
   *
   * @param crops one view per image, at most the setup's batch size
   * @param classes by image
   * @param learningRate of this step
   * @return the batch's mean cross entropy against the smoothed targets, before the update
   */
  double step(CropBatch crops, int[] classes, double learningRate);

  /** A copy of all parameters. */
  Weights weights();

  /** A copy of the parameters' moving averages; without averaging, of the {@link #weights()}. */
  Weights averaged();

  /**
   * Writes everything that the next steps depend on: weights, optimizer state, average and the
   * number of steps, which is the whole random state. The stream is not closed.
   */
  void save(OutputStream to) throws IOException;

  /**
   * Resumes from the state that {@link #save} wrote. Each later step computes what it would have
   * computed there.
   *
   * @throws io.tagstream.model.ModelException if the state is of a training with another setup,
   *     truncated or damaged; this object can then no longer be used
   */
  void restore(InputStream from) throws IOException;

  @Override
  void close();
}
