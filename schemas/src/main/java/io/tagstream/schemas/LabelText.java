package io.tagstream.schemas;

import java.text.Normalizer;

/** What may stand in a record as a label. */
public final class LabelText {

  /**
   * Characters become fewer in NFC, but not so many. Sorting a million marks on one letter would
   * take the normalizer hours.
   */
  private static final int LONGEST_GIVEN = 2048;

  private LabelText() {}

  /**
   * The label in the one form in which equal labels are equal strings: NFC, without blanks around
   * it.
   *
   * @throws IllegalArgumentException when it is empty, longer than 256 characters or holds control
   *     characters; the message says which
   */
  public static String normalize(String text) {
    String given = text.strip();
    String label =
        given.length() > LONGEST_GIVEN
            ? given
            : Normalizer.normalize(given, Normalizer.Form.NFC).strip();
    if (label.isEmpty()) {
      throw new IllegalArgumentException("the label is empty");
    }
    RecordText.require("the label", label);
    return label;
  }
}
