package io.tagstream.model.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * An image whose class is known.
 *
 * @param id tells it from the others of its data set
 * @param group what it belongs together with: images of one group are learned from or held out
 *     together
 * @param classIndex in the order of the labels
 */
public record LabelledImage(
    String id, Optional<String> group, int classIndex, LabelledImage.Content content) {

  public LabelledImage {
    Objects.requireNonNull(id);
    Objects.requireNonNull(group);
    Objects.requireNonNull(content);
    if (classIndex < 0) {
      throw new IllegalArgumentException("%s has class %d".formatted(id, classIndex));
    }
  }

  LabelledImage withClass(int index) {
    return new LabelledImage(id, group, index, content);
  }

  /** Where an image's encoded bytes are. Safe for use by several threads. */
  public interface Content {

    /**
     * Reads the bytes, each time anew.
     *
     * @throws IOException when they cannot be read
     */
    byte[] read() throws IOException;

    /** What a user finds them by. */
    String place();

    /** The content of a file. */
    static Content of(Path file) {
      return new FileContent(file);
    }
  }

  private record FileContent(Path file) implements Content {
    @Override
    public byte[] read() throws IOException {
      return Files.readAllBytes(file);
    }

    @Override
    public String place() {
      return file.toString();
    }
  }
}
