package io.tagstream.settings;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as a user writes them: {@code 50 ms}, {@code 5 s}, {@code 10 min}, {@code 24 h}. */
public final class DurationText implements ITypeConverter<Duration> {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,12})\\s*(ms|s|min|h|d)");
  private static final Pattern BARE = Pattern.compile("\\d{1,9}");

  /** Longest first: {@link #format} uses the first unit that divides a duration. */
  private static final Map<String, Duration> UNITS = new LinkedHashMap<>();

  static {
    UNITS.put("d", Duration.ofDays(1));
    UNITS.put("h", Duration.ofHours(1));
    UNITS.put("min", Duration.ofMinutes(1));
    UNITS.put("s", Duration.ofSeconds(1));
    UNITS.put("ms", Duration.ofMillis(1));
  }

  /**
   * Reads a whole number and a unit.
   *
   * @throws IllegalArgumentException when the text is anything else; the message states the
   *     expected form
   */
  public static Duration parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a duration is a whole number and ms, s, min, h or d, such as 50 ms");
    }
    return UNITS.get(matcher.group(2)).multipliedBy(Long.parseLong(matcher.group(1)));
  }

  /** The text {@link #parse} reads, in the largest unit that divides the duration. */
  public static String format(Duration duration) {
    long millis = duration.toMillis();
    for (Map.Entry<String, Duration> unit : UNITS.entrySet()) {
      long length = unit.getValue().toMillis();
      if (millis >= length && millis % length == 0) {
        return String.format(Locale.ROOT, "%d %s", millis / length, unit.getKey());
      }
    }
    return millis + " ms";
  }

  /** As {@link #parse}, but on the command line a number without a unit counts seconds. */
  @Override
  public Duration convert(String text) {
    if (BARE.matcher(text).matches()) {
      return Duration.ofSeconds(Long.parseLong(text));
    }
    try {
      return parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException("'" + text + "': " + e.getMessage());
    }
  }
}
