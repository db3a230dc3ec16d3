package io.tagstream.model.engine;

import io.tagstream.model.store.ModelBundle;

/**
 * A bundle's weights on one device, in an engine's layout. Thread-safe. Close it after the engines
 * made from it; closing frees the weights.
 */
public interface LoadedModel extends AutoCloseable {

  ModelBundle bundle();

  /**
   * Creates an engine for one worker; the caller closes it.
   *
   * @param maxBatch the most crops per call
   */
  Engine newEngine(int maxBatch);

  @Override
  void close();
}
