package io.tagstream.job.retrain;

import java.time.Duration;
import java.time.Instant;

/**
 * The time between two attempts of a run, or between two checks of a damaged version.
 *
 * @param longest the most that may remain of it at any time
 * @param reason why, for the user
 */
record Pause(Instant until, Duration longest, String reason) {

  static Pause of(Duration length, String reason, Instant now) {
    return new Pause(now.plus(length), length, reason);
  }

  /** The pause as of now. If the clock was temporarily ahead when it began, it starts again. */
  Pause seen(Instant now) {
    return until.isAfter(now.plus(longest)) ? of(longest, reason, now) : this;
  }

  boolean lasts(Instant now) {
    return until.isAfter(now);
  }
}
