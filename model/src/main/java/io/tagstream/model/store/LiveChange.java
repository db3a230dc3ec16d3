package io.tagstream.model.store;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One change of the live version, a file in {@code MODELS/history/}.
 *
 * @param version the version that became live
 * @param previous the version that was live before
 * @param by who made the change
 */
public record LiveChange(
    Instant time, Action action, String version, Optional<String> previous, String by) {

  /** Why the live version changed. */
  public enum Action {
    /** The first version of the store became live. */
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
