package io.tagstream.producers;

import io.tagstream.schemas.LabelText;
import io.tagstream.schemas.RecordText;

/** An image id and its label, both valid. */
record LabelLine(String imageId, String label) {

  /**
   * @throws IllegalArgumentException when one of them is not valid; the message states which and
   *     why
   */
  LabelLine {
    if (imageId.isBlank()) {
      throw new IllegalArgumentException("the image id is empty");
    }
    RecordText.requireId(imageId);
    label = LabelText.normalize(label);
  }

  /**
   * Parses {@code ID=LABEL} at the last =, because an id, often a path, is more likely to contain =
   * than a label.
   */
  static LabelLine ofAssignment(String text) {
    int equals = text.lastIndexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException("a label is given as ID=LABEL");
    }
    return new LabelLine(text.substring(0, equals), text.substring(equals + 1));
  }
}
