package io.tagstream.job.retrain;

import java.time.Duration;
import java.time.Instant;

/**
 * When new labels arrived, as seen by reading the training store periodically. Stored in Flink
 * state under these names.
 *
 * @param newLabels the number of new labels at the last reading
 * @param first when the first of them was seen; meaningless if there are none
 * @param last when the last of them was seen; meaningless if there are none
 */
public record Arrivals(long newLabels, Instant first, Instant last) {
  static final Arrivals NONE = new Arrivals(0, Instant.EPOCH, Instant.EPOCH);

  /**
   * The arrivals after another reading. A smaller count means that a run took the earlier labels
   * and these came after it. A time in the future was recorded by a clock that was temporarily
   * ahead; it is replaced by {@code now}, otherwise no label would age until the clock reaches it.
   */
  Arrivals seen(long count, Instant now) {
    Instant firstSeen = first.isAfter(now) ? now : first;
    if (count == newLabels) {
      return new Arrivals(count, firstSeen, last.isAfter(now) ? now : last);
    }
    boolean more = count > newLabels && newLabels > 0;
    return new Arrivals(count, more ? firstSeen : now, now);
  }

  /** How long the first of the labels has waited. */
  Duration age(Instant now) {
    return Duration.between(first, now);
  }

  /** How long no label has arrived. */
  Duration quiet(Instant now) {
    return Duration.between(last, now);
  }
}
