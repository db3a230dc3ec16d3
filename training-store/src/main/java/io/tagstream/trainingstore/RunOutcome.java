package io.tagstream.trainingstore;

import java.time.Instant;
import java.util.Objects;

/**
 * How a run ended: {@code STORE/runs/VERSION.outcome.json}.
 *
 * @param status what became of its version, as a word
 * @param reason why, for a person
 */
public record RunOutcome(String version, String status, String reason, Instant at) {
  public RunOutcome {
    Objects.requireNonNull(version);
    Objects.requireNonNull(status);
    Objects.requireNonNull(reason);
    Objects.requireNonNull(at);
  }
}
