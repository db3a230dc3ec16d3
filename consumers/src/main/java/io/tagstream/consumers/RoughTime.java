package io.tagstream.consumers;

import java.time.Duration;

/** Formats durations with one unit, for people. */
final class RoughTime {
  private RoughTime() {}

  /** In the largest unit, of seconds, minutes, hours and days, of which there are at least two. */
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
