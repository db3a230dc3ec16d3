package io.tagstream.trainingstore;

import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.Source;
import java.time.Instant;
import java.util.Optional;

/**
 * A row of a training file without its image.
 *
 * @param label empty withdraws the image
 * @param unknown whether the image was labelled as showing none of the classes; the label is then
 *     empty
 * @param at when the record that carried the label was appended
 * @param origin why the image was labelled, a word of {@link LabelOrigin}
 * @param source the coordinates of the record that carried the label; empty if the row came from no
 *     stream
 * @param content where the image's bytes are in the file; empty if the row has none
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
   * Place of an image's bytes in the file.
   *
   * @param sha256 of the bytes, in hexadecimal
   * @param position in the file, in bytes
   * @param length in bytes
   */
  public record Content(String sha256, long position, int length) {}
}
