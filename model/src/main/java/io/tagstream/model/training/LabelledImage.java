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
 * @param id unique in its data set
 * @param group images of one group are either all trained on or all held out
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

  /** Reads an image's encoded bytes. Thread-safe. */
  public interface Content {

    /**
     * Reads the bytes; nothing is cached.
     *
     * @throws IOException if they cannot be read
     */
    byte[] read() throws IOException;

    /** Where a user finds the image: a path or an id. */
    String place();

    /** The content of a file. */
    static Content of(Path file) {
      return new FileContent(file);
    }
  }

  private record FileContent(Path file) implements Content {
    /** In bytes; far above the limit of the decoder. */
    private static final int LARGEST = 128 << 20;

    @Override
    public byte[] read() throws IOException {
      // It may have become a pipe since it was listed, and the size may be anything.
      if (!Files.isRegularFile(file)) {
        throw new NoSuchFileException(file.toString(), null, "no longer a file");
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
