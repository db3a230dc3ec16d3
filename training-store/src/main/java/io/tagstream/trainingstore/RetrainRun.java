package io.tagstream.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A training run on the store. It is recorded before the training starts, and never changes.
 *
 * @param version the name of the version that the run trains
 * @param parent the version that was live, from which the training starts
 * @param cause what started it
 * @param reason the cause in words, for the user
 * @param requests the ids of the requests that it answers
 * @param fallSeenUpTo the newest label that showed a fall of the live accuracy, if that is the
 *     cause
 */
// Empty lists too: a reader rejects a missing one.
@JsonInclude(JsonInclude.Include.ALWAYS)
public record RetrainRun(
    String version,
    String parent,
    Instant started,
    Cause cause,
    String reason,
    List<String> requests,
    Optional<Instant> fallSeenUpTo) {

  /** What starts a run. */
  public enum Cause {
    /** A user requested it. */
    @JsonProperty("request")
    REQUEST,
    /** The live version's accuracy fell. */
    @JsonProperty("accuracy")
    ACCURACY,
    /** Enough new labels arrived. */
    @JsonProperty("labels")
    LABELS,
    /** Some new labels have waited long enough. */
    @JsonProperty("age")
    AGE
  }

  public RetrainRun {
    Objects.requireNonNull(version);
    Objects.requireNonNull(parent);
    Objects.requireNonNull(started);
    Objects.requireNonNull(cause);
    Objects.requireNonNull(reason);
    requests = List.copyOf(requests);
    Objects.requireNonNull(fallSeenUpTo);
  }
}
