package io.tagstream.job.retrain;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A run as its manifest has it, which is written before it starts and never changes.
 *
 * @param version the name of the version it makes
 * @param parent the version that was live, from which it goes on
 * @param requests ids of the requests it answers
 * @param fallSeenUpTo the newest label on which a fall of the live accuracy was seen, if that is
 *     the cause
 * @param ended whether its outcome is in the store
 */
public record Run(
    String version,
    String parent,
    Cause cause,
    List<String> requests,
    Optional<Instant> fallSeenUpTo,
    Instant started,
    boolean ended) {

  public Run {
    Objects.requireNonNull(version);
    Objects.requireNonNull(parent);
    Objects.requireNonNull(cause);
    requests = List.copyOf(requests);
    Objects.requireNonNull(fallSeenUpTo);
    Objects.requireNonNull(started);
  }
}
