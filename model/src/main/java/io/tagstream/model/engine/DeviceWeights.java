package io.tagstream.model.engine;

/**
 * A network's weights in one library's memory and layout. Thread-safe. Close it after the passes
 * made from it; closing frees the weights.
 */
public interface DeviceWeights extends AutoCloseable {

  /**
   * Allocates a forward pass for one thread; the caller closes it.
   *
   * @param maxBatch the most crops per run
   */
  Forward newForward(int maxBatch);

  @Override
  void close();
}
