package io.tagstream.model.training;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.util.Set;

/**
 * A network in training: where the arithmetic of forward, backward and update happens. For one
 * thread. Closing it frees its memory.
 */
public interface TrainingStep extends AutoCloseable {

  /** Makes them. */
  interface Factory {

    /**
     * Begins a training.
     *
     * @param start the weights to begin with; they are copied
     * @param trainable names of the parameters that change, at least one
     * @param seed of the dropout masks
     */
    TrainingStep begin(
        Weights start,
        Preprocessing preprocessing,
        Set<String> trainable,
        Optimizer optimizer,
        long seed);
  }

  /**
   * Moves the trainable parameters by one step.
   *
   * @param crops one view an image
   * @param classes by image
   * @param learningRate of this step
   * @return the batch's mean cross entropy before the step
   */
  double step(CropBatch crops, int[] classes, double learningRate);

  /** A copy of all parameters as they are now. */
  Weights weights();

  @Override
  void close();
}
