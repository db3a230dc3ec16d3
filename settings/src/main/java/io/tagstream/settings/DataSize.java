package io.tagstream.settings;

import java.io.Serializable;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes, written with a binary unit: {@code 20 MiB}. */
public record DataSize(long bytes) implements Comparable<DataSize>, Serializable {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,15})\\s*(B|KiB|MiB|GiB|TiB)");
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  public DataSize {
    if (bytes < 0) {
      throw new IllegalArgumentException("a size cannot be negative: " + bytes);
    }
  }

  /** {@code count} times 1,048,576 bytes. */
  public static DataSize ofMebibytes(long count) {
    return new DataSize(Math.multiplyExact(count, 1L << 20));
  }

  /**
   * Reads a whole number and a unit.
   *
   * @throws IllegalArgumentException when the text is anything else; the message states the
   *     expected form
   */
  public static DataSize parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a size is a whole number and B, KiB, MiB, GiB or TiB, such as 20 MiB");
    }
    long factor = 1;
    for (String unit : UNITS) {
      if (unit.equals(matcher.group(2))) {
        break;
      }
      factor <<= 10;
    }
    try {
      return new DataSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), factor));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("a size is at most 8 EiB", e);
    }
  }

  @Override
  public int compareTo(DataSize other) {
    return Long.compare(bytes, other.bytes);
  }

  /** The text {@link #parse} reads, in the largest unit that divides the size. */
  @Override
  public String toString() {
    long value = bytes;
    int unit = 0;
    while (value != 0 && value % 1024 == 0 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%d %s", value, UNITS[unit]);
  }
}
