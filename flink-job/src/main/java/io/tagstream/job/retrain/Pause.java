package io.tagstream.job.retrain;

import java.time.Duration;
import java.time.Instant;

/**
 * Between two attempts of a run, or two looks into a damaged version.
 *
 * @param longest it lasts no longer from any moment on
 * @param reason for a person
 */
record Pause(Instant until, Duration longest, String reason) {

  static Pause of(Duration length, String reason, Instant now) {
    return new Pause(now.plus(length), length, reason);
  }

  /** As it stands now: one that a clock began that was ahead for a moment begins anew. */
  Pause seen(Instant now) {
    return until.isAfter(now.plus(longest)) ? of(longest, reason, now) : this;
  }

  boolean lasts(Instant now) {
    return until.isAfter(now);
  }
}
