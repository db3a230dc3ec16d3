package io.tagstream.job.flow;

import io.tagstream.settings.Printable;

/** Why something was rejected, for a person: a line or two in a record, whatever it quotes. */
public final class Reason {
  /** A rejection has its record's size and little more: see the limits of the topics. */
  private static final int LONGEST = 1000;

  private Reason() {}

  /** Without what moves a reader's cursor, and cut to the longest allowed. */
  public static String of(String text) {
    return cut(Printable.of(text));
  }

  /** Never within a character. */
  private static String cut(String reason) {
    if (reason.length() <= LONGEST) {
      return reason;
    }
    boolean within = Character.isHighSurrogate(reason.charAt(LONGEST - 1));
    return reason.substring(0, within ? LONGEST - 1 : LONGEST);
  }
}
