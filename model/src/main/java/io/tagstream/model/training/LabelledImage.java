package io.tagstream.model.training;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
    /** Far beyond what is decoded. */
    private static final int LARGEST = 128 << 20;

    @Override
    public byte[] read() throws IOException {
      // It may have become a pipe since it was listed, and a file may say any size.
      if (!Files.isRegularFile(file)) {
        throw new NoSuchFileException(file.toString(), null, "no file any more");
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] content = in.readNBytes(LARGEST);
        if (in.read() >= 0) {
          throw new IOException("it has more than %d bytes".formatted(LARGEST));
        }
        return content;
      }
    }

    @Override
    public String place() {
      return file.toString();
    }
  }
}
