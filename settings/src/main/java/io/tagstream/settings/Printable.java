package io.tagstream.settings;

import java.io.PrintWriter;
import java.util.Locale;

/**
 * Escapes foreign text for a terminal or a log. Ids, labels, reasons, file and topic names are
 * untrusted: an escape sequence could clear the screen, a line break could forge a line, a
 * bidirectional override could show {@code gpj.exe} as {@code exe.jpg}. Such a character is written
 * as {@code \}{@code u009b}, which JSON reads back as the same character.
 */
public final class Printable {
  private Printable() {}

  /** The text on one line, with every character escaped that moves the cursor or reorders text. */
  public static String of(String text) {
    if (text.codePoints().noneMatch(Printable::isEscaped)) {
      return text;
    }
    StringBuilder printable = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            character -> {
              if (isEscaped(character)) {
                // Every escaped character is below U+10000.
                printable.append(escape(character));
              } else {
                printable.appendCodePoint(character);
              }
            });
    return printable.toString();
  }

  /**
   * Whether a character is not allowed in a name: control characters of ASCII and Latin-1, line and
   * paragraph separators, unpaired surrogates, and bidirectional embeddings, overrides and
   * isolates. Joiners and direction marks are allowed, because some scripts need them.
   */
  public static boolean isControl(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default ->
          (character >= 0x202A && character <= 0x202E)
              || (character >= 0x2066 && character <= 0x2069);
    };
  }

  /**
   * A writer that escapes such characters before it writes to {@code out}. Line breaks, carriage
   * returns and tabs pass, since the caller formats the lines.
   */
  static PrintWriter onto(PrintWriter out) {
    return new PrintWriter(new Escaping(out), true);
  }

  /** Includes direction marks, which are allowed in names but could mislead on a screen. */
  private static boolean isEscaped(int character) {
    return isControl(character)
        || character == 0x061C
        || character == 0x200E
        || character == 0x200F;
  }

  private static String escape(int character) {
    return String.format(Locale.ROOT, "\\u%04x", character);
  }

  private static final class Escaping extends PrintWriter {
    Escaping(PrintWriter out) {
      super(out, true);
    }

    @Override
    public void write(int unit) {
      if (passes((char) unit)) {
        super.write(unit);
      } else {
        write(escape(unit));
      }
    }

    @Override
    public void write(char[] text, int from, int length) {
      write(new String(text, from, length), 0, length);
    }

    @Override
    public void write(String text, int from, int length) {
      int written = from;
      for (int i = from; i < from + length; i++) {
        if (!passes(text.charAt(i))) {
          super.write(text, written, i - written);
          String escaped = escape(text.charAt(i));
          super.write(escaped, 0, escaped.length());
          written = i + 1;
        }
      }
      super.write(text, written, from + length - written);
    }

    /** Surrogates pass: a writer may receive the two halves of a pair in separate calls. */
    private static boolean passes(char unit) {
      return !isEscaped(unit) || Character.isSurrogate(unit) || "\n\r\t".indexOf(unit) >= 0;
    }
  }
}
