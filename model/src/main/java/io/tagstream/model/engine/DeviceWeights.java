package io.tagstream.model.engine;

/**
 * A network's weights where and as one library wants them. Thread-safe. Closing it frees them,
 * after the passes made from it.
 */
public interface DeviceWeights extends AutoCloseable {

  /**
   * A pass for one thread.
   *
   * @param maxBatch crops per run at most
   */
  Forward newForward(int maxBatch);

  @Override
  void close();
}
