package io.tagstream.settings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Reads a file that a user named, up to a size. Named pipes are refused, because opening one waits
 * for a writer, and devices, because they have no end.
 */
public final class InputFile {
  private InputFile() {}

  /**
   * The content of a file, or of an open pipe that the shell passed to this process, as in {@code
   * --config <(command)}.
   *
   * @param most the largest content, in bytes
   * @throws IOException when it cannot be read, is not a regular file or has more bytes; the
   *     message gives the reason without the file's name
   */
  public static byte[] read(Path file, long most) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (attributes.isDirectory()) {
      throw new IOException("it is a folder");
    }
    if (!attributes.isRegularFile() && !isHandedOver(file)) {
      throw new IOException("it is a pipe or a device, not a file");
    }
    if (attributes.size() > most) {
      throw tooLarge(Long.toString(attributes.size()), most);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(Math.toIntExact(most));
      if (content.length == most && in.read() >= 0) {
        throw tooLarge("more", most);
      }
      return content;
    }
  }

  /** Whether it is a file descriptor of this process: such a pipe already has a writer. */
  private static boolean isHandedOver(Path file) {
    Path absolute = file.toAbsolutePath().normalize();
    return absolute.equals(Path.of("/dev/stdin"))
        || absolute.startsWith("/dev/fd")
        || absolute.startsWith("/proc/self/fd");
  }

  private static IOException tooLarge(String bytes, long most) {
    return new IOException("it has %s bytes, at most %d are read".formatted(bytes, most));
  }
}
