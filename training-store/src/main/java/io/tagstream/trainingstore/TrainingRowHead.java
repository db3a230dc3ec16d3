package io.tagstream.trainingstore;

import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.Source;
import java.time.Instant;
import java.util.Optional;

/**
 * A row of a training file without its content.
 *
 * @param label if empty, the row withdraws the image
 * @param unknown whether it was labelled as showing none of the classes; the label is then empty
 * @param at when the label's record was appended to Kafka
 * @param origin why the image was labelled, a word of {@link LabelOrigin}
 * @param source the coordinates of that record; empty if the label came from no stream
 * @param content the position of the image's bytes; empty if the row has none
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
   * The position of an image's bytes.
   *
   * @param sha256 of the bytes, in hexadecimal
   * @param position offset in the file, in bytes
   * @param length in bytes
   */
  public record Content(String sha256, long position, int length) {}
}
