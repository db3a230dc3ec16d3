package io.tagstream.trainingstore;

import io.tagstream.model.training.LabelledImage;
import io.tagstream.model.training.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;

/**
 * An image of the training store as its newest row has it.
 *
 * @param label the normalized label
 * @param group identifies images that belong together
 * @param at when the label's record was appended to Kafka
 * @param part the file in which the row first became visible
 * @param sha256 of the encoded bytes, in hexadecimal
 */
public record StoredImage(
    String id,
    String label,
    Optional<String> group,
    Instant at,
    String part,
    String sha256,
    LabelledImage.Content content) {

  public StoredImage {
    Objects.requireNonNull(id);
    Objects.requireNonNull(label);
    Objects.requireNonNull(group);
    Objects.requireNonNull(at);
    Objects.requireNonNull(part);
    Objects.requireNonNull(sha256);
    Objects.requireNonNull(content);
  }

  /** Whether it belongs to the held-out set and never trains. */
  public boolean isHeldOut() {
    return Split.isHeldOut(group, HexFormat.of().parseHex(sha256));
  }

  LabelledImage ofClass(int classIndex) {
    return new LabelledImage(id, group, classIndex, content);
  }

  /** The content of one row, read from its position in the file. */
  record RowContent(Path file, TrainingRowHead.Content bytes) implements LabelledImage.Content {
    @Override
    public byte[] read() throws IOException {
      return TrainingFile.content(file, bytes);
    }

    @Override
    public String place() {
      return file + " at " + bytes.position();
    }
  }
}
