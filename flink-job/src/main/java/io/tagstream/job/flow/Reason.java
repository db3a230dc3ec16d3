package io.tagstream.job.flow;

import io.tagstream.settings.Printable;

/** Formats the reason of a rejection: printable, and a line or two long, whatever it quotes. */
public final class Reason {
  /** In characters. Together with its reason a rejection must fit the topic's record limit. */
  private static final int LONGEST = 1000;

  private Reason() {}

  /** Escapes control characters and cuts the text to the longest allowed. */
  public static String of(String text) {
    return cut(Printable.of(text));
  }

  /** Never cuts between the two halves of a surrogate pair. */
  private static String cut(String reason) {
    if (reason.length() <= LONGEST) {
      return reason;
    }
    boolean within = Character.isHighSurrogate(reason.charAt(LONGEST - 1));
    return reason.substring(0, within ? LONGEST - 1 : LONGEST);
  }
}
