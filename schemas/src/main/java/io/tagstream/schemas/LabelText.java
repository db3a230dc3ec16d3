package io.tagstream.schemas;

import java.text.Normalizer;

/** What may stand in a record as a label. */
public final class LabelText {
  /** Characters at most, as Java counts them. */
  public static final int LONGEST = 256;

  private LabelText() {}

  /**
   * The label in the one form in which equal labels are equal strings: NFC, without blanks around
   * it.
   *
   * @throws IllegalArgumentException when it is empty, longer than 256 characters or holds control
   *     characters; the message says which
   */
  public static String normalize(String text) {
    String label = Normalizer.normalize(text, Normalizer.Form.NFC).strip();
    if (label.isEmpty()) {
      throw new IllegalArgumentException("the label is empty");
    }
    if (label.length() > LONGEST) {
      throw new IllegalArgumentException(
          "the label has %d characters, at most %d are allowed".formatted(label.length(), LONGEST));
    }
    label
        .codePoints()
        .filter(LabelText::isForbidden)
        .findFirst()
        .ifPresent(
            character -> {
              throw new IllegalArgumentException(
                  "the label holds the control character U+%04X".formatted(character));
            });
    return label;
  }

  private static boolean isForbidden(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
