package io.tagstream.model.store;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/** Names like {@code 20261124T103000.123Z-4f2a}, which sort by time as text. */
final class TimeSortedName {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private TimeSortedName() {}

  /** A name that sorts after all others, even if the clock was set back. */
  static String next(Clock clock, Stream<String> others) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    Instant time =
        others
            .flatMap(name -> timeOf(name).stream())
            .max(Instant::compareTo)
            .map(last -> last.plusMillis(1))
            .filter(after -> after.isAfter(now))
            .orElse(now);
    // The suffix distinguishes two processes within one millisecond.
    return TIME.format(time) + "-%04x".formatted(ThreadLocalRandom.current().nextInt(1 << 16));
  }

  /** Whether a name has this form. */
  static boolean is(String name) {
    return timeOf(name).isPresent();
  }

  private static Optional<Instant> timeOf(String name) {
    int end = name.indexOf('-');
    try {
      return end < 0
          ? Optional.empty()
          : Optional.of(TIME.parse(name.substring(0, end), Instant::from));
    } catch (DateTimeException notOurs) {
      return Optional.empty();
    }
  }
}
