package io.tagstream.model.engine;

import java.nio.FloatBuffer;

/**
 * One library's forward pass through a network, with its buffers. For one thread at a time. Closing
 * it frees the buffers.
 */
public interface Forward extends AutoCloseable {

  /**
   * Runs the batch.
   *
   * @return a row per crop, row after row from position 0; valid until the next call
   */
  FloatBuffer run(CropBatch batch, Output output);

  @Override
  void close();
}
