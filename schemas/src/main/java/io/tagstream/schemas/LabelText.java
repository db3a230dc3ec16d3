package io.tagstream.schemas;

import java.text.Normalizer;

/** Validates and normalises labels. */
public final class LabelText {

  /**
   * A longer text is refused before it is normalised. NFC shortens a text, but not from this length
   * to 256 characters; and sorting a million combining marks on one letter would take the
   * normalizer hours.
   */
  private static final int LONGEST_INPUT = 2048;

  private LabelText() {}

  /**
   * Converts a label to the form in which equal labels are equal strings: NFC, without surrounding
   * white space.
   *
   * @throws IllegalArgumentException when it is empty, longer than 256 characters or holds control
   *     characters; the message states which
   */
  public static String normalize(String text) {
    String given = text.strip();
    String label =
        given.length() > LONGEST_INPUT
            ? given
            : Normalizer.normalize(given, Normalizer.Form.NFC).strip();
    if (label.isEmpty()) {
      throw new IllegalArgumentException("the label is empty");
    }
    RecordText.require("the label", label);
    return label;
  }
}
