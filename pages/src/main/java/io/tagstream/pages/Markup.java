package io.tagstream.pages;

import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.function.IntFunction;

/** Escapes foreign text, and formats numbers and pictures as markup. */
public final class Markup {
  /** In code points; longer text was not written for readers. */
  private static final int LONGEST = 400;

  private static final String[] SUPERSCRIPTS = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};

  private Markup() {}

  /**
   * Escapes foreign text: markup in it is displayed as text, characters that XML cannot contain
   * become U+FFFD, and very long text is cut off. For display: a value that a program reads back,
   * such as an id in a link, must not be cut.
   */
  public static String text(String foreign) {
    StringBuilder out = new StringBuilder(foreign.length() + 16);
    int[] points = foreign.codePoints().limit(LONGEST + 1L).toArray();
    for (int i = 0; i < Math.min(points.length, LONGEST); i++) {
      append(points[i], out);
    }
    return points.length > LONGEST ? out.append('…').toString() : out.toString();
  }

  /**
   * Escapes foreign text within other text, isolated so that right-to-left text does not reorder
   * its surroundings.
   */
  public static String name(String foreign) {
    return "<bdi>" + text(foreign) + "</bdi>";
  }

  private static void append(int point, StringBuilder out) {
    switch (point) {
      case '&' -> out.append("&amp;");
      case '<' -> out.append("&lt;");
      case '>' -> out.append("&gt;");
      case '"' -> out.append("&quot;");
      case '\'' -> out.append("&#39;");
      default -> out.appendCodePoint(isXml(point) ? point : 0xfffd);
    }
  }

  /** The characters of XML 1.0, section 2.2, without the control characters that HTML forbids. */
  private static boolean isXml(int point) {
    boolean control = point < ' ' || (point >= 0x7f && point < 0xa0);
    boolean surrogate = point >= 0xd800 && point <= 0xdfff;
    boolean none = (point & 0xfffe) == 0xfffe;
    return point == '\t' || point == '\n' || !(control || surrogate || none);
  }

  /** {@code 48,000}. */
  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** {@code 1 image}, {@code 2 images}. */
  public static String count(long number, String singular, String plural) {
    return count(number) + " " + (number == 1 ? singular : plural);
  }

  /** {@code 80.4 %}, from a share of 0 to 1. */
  public static String percent(double share) {
    return fixed(100 * share, 1) + "\u00a0%";
  }

  public static String fixed(double number, int decimals) {
    return String.format(Locale.ROOT, "%,." + decimals + "f", number);
  }

  /**
   * Three significant digits, with a power of ten instead of many zeros: {@code 0.0345}, {@code
   * 3×10⁻⁷}.
   */
  public static String significant(double number) {
    if (number == 0) {
      return "0";
    }
    int exponent = (int) Math.floor(Math.log10(Math.abs(number)));
    if (exponent < -3) {
      String mantissa =
          trimmed(String.format(Locale.ROOT, "%.2f", number / Math.pow(10, exponent)));
      return mantissa + "×10⁻" + superscript(-exponent);
    }
    return exponent >= 3
        ? fixed(number, 0)
        : trimmed(String.format(Locale.ROOT, "%." + (2 - exponent) + "f", number));
  }

  private static String trimmed(String decimal) {
    return decimal.contains(".") ? decimal.replaceAll("0+$", "").replaceAll("\\.$", "") : decimal;
  }

  private static String superscript(int number) {
    IntFunction<String> digit = c -> SUPERSCRIPTS[c - '0'];
    return Integer.toString(number).chars().mapToObj(digit).reduce("", String::concat);
  }

  /** {@code 1 h 02 min}, {@code 17 min 12 s}, {@code 4.2 s}. */
  public static String time(Duration time) {
    if (time.toHours() > 0) {
      return String.format(Locale.ROOT, "%d h %02d min", time.toHours(), time.toMinutesPart());
    }
    if (time.toMinutes() > 0) {
      return String.format(Locale.ROOT, "%d min %02d s", time.toMinutes(), time.toSecondsPart());
    }
    return fixed(time.toMillis() / 1000.0, 1) + " s";
  }

  public static String dataUri(String type, byte[] bytes) {
    return "data:" + type + ";base64," + Base64.getEncoder().encodeToString(bytes);
  }
}
