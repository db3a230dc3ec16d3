package io.tagstream.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.settings.Printable;

/**
 * Limits for text that is kept in the job's state, the training store and manifests. Without them a
 * producer could fill these with a megabyte a record. Longer text is refused, not truncated,
 * because truncation could make two names equal.
 */
public final class RecordText {
  /** Longest text except an id, in UTF-16 code units. */
  public static final int LONGEST = 256;

  /**
   * Longest id, in bytes of UTF-8. An id is written twice, as key and in the value, to topics whose
   * records the broker limits to 1 MiB by default.
   */
  public static final int LONGEST_ID = 1024;

  private RecordText() {}

  /**
   * Checks a text that is not an id: a label, a name, a word, a reason.
   *
   * @param what names the text in the message: "the annotator"
   * @throws IllegalArgumentException when it is longer than 256 characters or holds a control
   *     character; the message states which
   */
  public static void require(String what, String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "%s has %d characters, at most %d are allowed".formatted(what, text.length(), LONGEST));
    }
    requireNoControls(what, text);
  }

  /**
   * Checks an image's id.
   *
   * @throws IllegalArgumentException when it is empty, longer than 1024 bytes in UTF-8 or holds a
   *     control character; the message states which
   */
  public static void requireId(String id) {
    int bytes = id.getBytes(UTF_8).length;
    if (bytes == 0 || bytes > LONGEST_ID) {
      throw new IllegalArgumentException(
          "the id has %d bytes in UTF-8, 1 to %d are allowed".formatted(bytes, LONGEST_ID));
    }
    requireNoControls("the id", id);
  }

  private static void requireNoControls(String what, String text) {
    text.codePoints()
        .filter(Printable::isControl)
        .findFirst()
        .ifPresent(
            character -> {
              throw new IllegalArgumentException(
                  "%s holds the control character U+%04X".formatted(what, character));
            });
  }
}
