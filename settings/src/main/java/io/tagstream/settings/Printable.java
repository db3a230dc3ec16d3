package io.tagstream.settings;

import java.io.PrintWriter;
import java.util.Locale;

/**
 * Text as a terminal or a log may have it. Ids, labels, reasons, file and topic names come from
 * anybody: one that holds an escape sequence could clear a screen, one with a line break could
 * forge a line, one with a bidirectional override could show {@code gpj.exe} as {@code exe.jpg}.
 * Each such character is shown as {@code \}{@code u009b}, which within JSON is the character
 * itself.
 */
public final class Printable {
  private Printable() {}

  /** The text on one line, without a character that moves a cursor or the text around it. */
  public static String of(String text) {
    if (text.codePoints().noneMatch(Printable::isEscaped)) {
      return text;
    }
    StringBuilder printable = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            character -> {
              if (isEscaped(character)) {
                // All of them are below U+10000.
                printable.append(escape(character));
              } else {
                printable.appendCodePoint(character);
              }
            });
    return printable.toString();
  }

  /**
   * Whether a character has no place in a name: control characters of ASCII and of Latin-1, line
   * and paragraph separators, halves of characters, and the bidirectional embeddings, overrides and
   * isolates. Joiners and direction marks are letters' company in some scripts, and are none.
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
   * A writer to another one that escapes such characters; line breaks, carriage returns and tabs
   * pass, since the lines are the caller's own.
   */
  static PrintWriter onto(PrintWriter out) {
    return new PrintWriter(new Escaping(out), true);
  }

  /** Direction marks too: here they could only mislead. */
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

    /** Halves of characters too: a writer may get the two apart. */
    private static boolean passes(char unit) {
      return !isEscaped(unit) || Character.isSurrogate(unit) || "\n\r\t".indexOf(unit) >= 0;
    }
  }
}
