package io.tagstream.model.engine;

import java.util.Objects;

/**
 * The engine, its device and its threads.
 *
 * @param threads that one call may use on a CPU, at least 1
 */
public record EngineOptions(EngineKind kind, Device device, int threads) {
  public EngineOptions {
    Objects.requireNonNull(kind);
    Objects.requireNonNull(device);
    if (threads < 1) {
      throw new IllegalArgumentException("an engine needs at least one thread, not " + threads);
    }
  }

  /** One thread per processor. */
  public EngineOptions(EngineKind kind, Device device) {
    this(kind, device, Runtime.getRuntime().availableProcessors());
  }
}
