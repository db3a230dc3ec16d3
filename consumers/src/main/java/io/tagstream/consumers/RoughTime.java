package io.tagstream.consumers;

import java.time.Duration;

/** Times as a person reads them. */
final class RoughTime {
  private RoughTime() {}

  /** In seconds, minutes, hours or days: the largest of which there are two. */
  static String of(Duration time) {
    long seconds = Math.max(time.toSeconds(), 0);
    if (seconds < 120) {
      return seconds + " s";
    }
    if (seconds < 120 * 60) {
      return time.toMinutes() + " min";
    }
    return time.toHours() < 48 ? time.toHours() + " h" : time.toDays() + " d";
  }
}
