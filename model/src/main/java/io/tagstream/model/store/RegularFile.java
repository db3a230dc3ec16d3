package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A file of a store as it may be read: a store is a folder that others write to. A link could lead
 * anywhere, a pipe would be waited for, a device has no end, and a small file may have become a
 * large one.
 */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Returns where a file of a store may be opened.
   *
   * @throws NoSuchFileException when there is none
   * @throws ModelException when it is a link, a folder, a pipe or a device
   */
  public static void require(Path file) throws IOException {
    require(file, Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
  }

  /**
   * The content of a small file of a store.
   *
   * @param most bytes that it may have
   * @throws NoSuchFileException when there is none
   * @throws ModelException when it is no regular file or has more bytes
   */
  public static byte[] read(Path file, int most) throws IOException {
    require(file);
    return content(file, most);
  }

  /** As {@link #read}, where what is behind so many bytes does not matter. */
  static byte[] beginning(Path file, int most) throws IOException {
    require(file);
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(most);
    }
  }

  /**
   * Returns where a file of a store may be opened or made.
   *
   * @throws ModelException as {@link #require}
   */
  static void requireUnlessMissing(Path file) throws IOException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      require(file);
    }
  }

  /** As {@link #read}, of a file that a user named: a link is theirs to follow. */
  static byte[] readNamed(Path file, int most) throws IOException {
    require(file, Files.readAttributes(file, BasicFileAttributes.class));
    return content(file, most);
  }

  private static void require(Path file, BasicFileAttributes attributes) {
    if (attributes.isSymbolicLink()) {
      throw new ModelException(
          "cannot use %s: it is a link, and the files of a store are read where they lie; put the file itself there"
              .formatted(file));
    }
    if (!attributes.isRegularFile()) {
      throw new ModelException(
          "cannot use %s: it is %s, not a file"
              .formatted(file, attributes.isDirectory() ? "a folder" : "a pipe or a device"));
    }
  }

  private static byte[] content(Path file, int most) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(most);
      if (in.read() >= 0) {
        throw new ModelException(
            "cannot use %s: it has more than %d bytes, the most that is read"
                .formatted(file, most));
      }
      return content;
    }
  }
}
