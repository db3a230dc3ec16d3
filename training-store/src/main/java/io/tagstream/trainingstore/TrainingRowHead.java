package io.tagstream.trainingstore;

import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.Source;
import java.time.Instant;
import java.util.Optional;

/**
 * A row of a training file without its picture.
 *
 * @param label empty withdraws the picture
 * @param unknown whether it was said to show none of the classes; the label is then empty
 * @param at when the record that carried the label was appended
 * @param origin why the picture was labelled, as {@link LabelOrigin} has it
 * @param source where the record stood that carried the label; empty where no stream brought it
 * @param content where the picture's bytes lie; empty where the row has none
 */
public record TrainingRowHead(
    String imageId,
    Optional<String> label,
    boolean unknown,
    Optional<String> group,
    Instant at,
    String origin,
    Optional<Source> source,
    Optional<Content> content) {

  /**
   * The bytes of a picture.
   *
   * @param sha256 of the bytes, in hexadecimal
   * @param position in the file
   * @param length in bytes
   */
  public record Content(String sha256, long position, int length) {}
}
