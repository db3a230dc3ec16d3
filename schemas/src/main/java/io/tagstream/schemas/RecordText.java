package io.tagstream.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.settings.Printable;

/**
 * What may stand in a record as text that is kept: in the job's state, in the training store, in
 * manifests. Whoever may write to a topic could otherwise fill them with a megabyte a record. What
 * is longer is refused, never cut: two names would become one.
 */
public final class RecordText {
  /** Characters of any but an id at most, as Java counts them. */
  public static final int LONGEST = 256;

  /**
   * An id goes out twice, as key and in the value, to topics whose records a broker limits to 1 MiB
   * unless told otherwise; in bytes of UTF-8.
   */
  public static final int LONGEST_ID = 1024;

  private RecordText() {}

  /**
   * Returns where a text can be used: a label, a name, a word, a reason.
   *
   * @param what it is, for the message: "the annotator"
   * @throws IllegalArgumentException when it is longer than 256 characters or holds a control
   *     character; the message says which
   */
  public static void require(String what, String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "%s has %d characters, at most %d are allowed".formatted(what, text.length(), LONGEST));
    }
    requireNoControls(what, text);
  }

  /**
   * Returns where an image's id can be used.
   *
   * @throws IllegalArgumentException when it is empty, longer than 1024 bytes in UTF-8 or holds a
   *     control character; the message says which
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
