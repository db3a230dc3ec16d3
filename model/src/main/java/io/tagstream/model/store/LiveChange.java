package io.tagstream.model.store;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One change of the live version, as {@code MODELS/history/} keeps it.
 *
 * @param version the one that became live
 * @param previous the one that was
 * @param by who did it
 */
public record LiveChange(
    Instant time, Action action, String version, Optional<String> previous, String by) {

  /** Why the live version changed. */
  public enum Action {
    /** It was the store's first. */
    FIRST,
    PROMOTED,
    ROLLED_BACK
  }

  public LiveChange {
    Objects.requireNonNull(time);
    Objects.requireNonNull(action);
    Objects.requireNonNull(version);
    Objects.requireNonNull(previous);
    Objects.requireNonNull(by);
  }
}
