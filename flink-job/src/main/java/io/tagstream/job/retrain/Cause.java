package io.tagstream.job.retrain;

import java.util.Objects;

/**
 * Why a run starts.
 *
 * @param text for a person
 */
public record Cause(Kind kind, String text) {

  /** What a trigger watches. */
  public enum Kind {
    /** Somebody asked. */
    REQUEST,
    /** The live version's accuracy fell. */
    ACCURACY,
    /** Enough new labels came. */
    LABELS,
    /** Some new labels have waited long enough. */
    AGE
  }

  public Cause {
    Objects.requireNonNull(kind);
    Objects.requireNonNull(text);
  }
}
