package io.tagstream.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A run of training on the store, from its cause to its outcome. It is known before it starts, and
 * never changes.
 *
 * @param version the name of the version that the run makes
 * @param parent the version that was live, from which the training starts
 * @param cause what started it
 * @param reason why, for a person
 * @param requests ids of the requests it answers
 * @param fallSeenUpTo the newest label that showed a fall of the live accuracy, if that is the
 *     cause
 */
// Lists without elements too: a reader takes a missing one for a mistake.
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
    /** Somebody asked. */
    @JsonProperty("request")
    REQUEST,
    /** The live version's accuracy fell. */
    @JsonProperty("accuracy")
    ACCURACY,
    /** Enough new labels came. */
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
