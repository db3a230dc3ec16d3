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
 * Reads files of a store safely: a store is a folder that others write to. A link could lead
 * anywhere, a pipe would block, a device has no end, and a small file may have become a large one.
 */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Checks that a file of a store may be opened.
   *
   * @throws NoSuchFileException if it does not exist
   * @throws ModelException if it is a link, a folder, a pipe or a device
   */
  public static void require(Path file) throws IOException {
    require(file, Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
  }

  /**
   * Reads a small file of a store.
   *
   * @param most its largest size, in bytes
   * @throws NoSuchFileException if it does not exist
   * @throws ModelException if it is not a regular file or is larger
   */
  public static byte[] read(Path file, int most) throws IOException {
    require(file);
    return content(file, most);
  }

  /** As {@link #read}, but returns the first bytes of a larger file. */
  static byte[] beginning(Path file, int most) throws IOException {
    require(file);
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(most);
    }
  }

  /**
   * Checks that a file of a store may be opened or created.
   *
   * @throws ModelException as {@link #require}
   */
  static void requireUnlessMissing(Path file) throws IOException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      require(file);
    }
  }

  /** As {@link #read}, for a file that a user named: links are followed. */
  static byte[] readNamed(Path file, int most) throws IOException {
    require(file, Files.readAttributes(file, BasicFileAttributes.class));
    return content(file, most);
  }

  private static void require(Path file, BasicFileAttributes attributes) {
    if (attributes.isSymbolicLink()) {
      throw new ModelException(
          "cannot use %s: it is a link, and links in a store are not followed; put the file itself there"
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
            "cannot use %s: it has more than %d bytes, the largest size that is read"
                .formatted(file, most));
      }
      return content;
    }
  }
}
