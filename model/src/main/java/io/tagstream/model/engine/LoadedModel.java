package io.tagstream.model.engine;

import io.tagstream.model.store.ModelBundle;

/**
 * A bundle's weights on one device, in an engine's own layout. Thread-safe. Closing it frees them;
 * engines made from it must be closed before.
 */
public interface LoadedModel extends AutoCloseable {

  ModelBundle bundle();

  /**
   * An engine for one worker.
   *
   * @param maxBatch crops per call at most
   */
  Engine newEngine(int maxBatch);

  @Override
  void close();
}
