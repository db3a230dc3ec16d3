package io.tagstream.model.engine;

import java.util.Objects;

/**
 * Which engine, where, and how much of the machine.
 *
 * @param threads threads that one call may use on a CPU, 1 or more
 */
public record EngineOptions(EngineKind kind, Device device, int threads) {
  public EngineOptions {
    Objects.requireNonNull(kind);
    Objects.requireNonNull(device);
    if (threads < 1) {
      throw new IllegalArgumentException("an engine needs a thread, not " + threads);
    }
  }

  /** All processors for each call. */
  public EngineOptions(EngineKind kind, Device device) {
    this(kind, device, Runtime.getRuntime().availableProcessors());
  }
}
