package io.tagstream.model.engine;

import io.tagstream.model.network.Towers;
import java.util.Objects;

/**
 * Which engine, where, and how much of the machine.
 *
 * @param threads threads that one call may use on a CPU, 1 or more
 * @param towers 2 for a network in halves that compute beside each other, else 1
 */
public record EngineOptions(EngineKind kind, Device device, int threads, int towers) {
  public EngineOptions {
    Objects.requireNonNull(kind);
    Objects.requireNonNull(device);
    if (threads < 1) {
      throw new IllegalArgumentException("an engine needs a thread, not " + threads);
    }
    if (towers < 1 || towers > Towers.COUNT) {
      throw new IllegalArgumentException("a network has one or two towers, not " + towers);
    }
  }

  /** One network. */
  public EngineOptions(EngineKind kind, Device device, int threads) {
    this(kind, device, threads, 1);
  }

  /** All processors for each call, and one network. */
  public EngineOptions(EngineKind kind, Device device) {
    this(kind, device, Runtime.getRuntime().availableProcessors());
  }

  /** The same with another number of towers. */
  public EngineOptions inTowers(int count) {
    return new EngineOptions(kind, device, threads, count);
  }
}
