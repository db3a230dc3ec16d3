package io.tagstream.job.retrain;

import java.time.Duration;
import java.time.Instant;

/**
 * How new labels came, as looks at the store showed it.
 *
 * @param newLabels at the last look
 * @param first when the first of them was seen; of no meaning without any
 * @param last when the last of them was seen, likewise
 */
public record Arrivals(long newLabels, Instant first, Instant last) {
  static final Arrivals NONE = new Arrivals(0, Instant.EPOCH, Instant.EPOCH);

  /**
   * After another look. Fewer than before are those that came after a run took the others. A time
   * that is still to come was seen by a clock that was ahead for a moment: it becomes the present
   * one, or no label would grow old before the clock is there again.
   */
  Arrivals seen(long count, Instant now) {
    Instant firstSeen = first.isAfter(now) ? now : first;
    if (count == newLabels) {
      return new Arrivals(count, firstSeen, last.isAfter(now) ? now : last);
    }
    boolean more = count > newLabels && newLabels > 0;
    return new Arrivals(count, more ? firstSeen : now, now);
  }

  /** How long the first of them has waited. */
  Duration age(Instant now) {
    return Duration.between(first, now);
  }

  /** How long none has come. */
  Duration quiet(Instant now) {
    return Duration.between(last, now);
  }
}
