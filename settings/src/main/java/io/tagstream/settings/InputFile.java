package io.tagstream.settings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A file that a user named. A pipe in a folder would be waited for, a device has no end, and a file
 * may have any size.
 */
public final class InputFile {
  private InputFile() {}

  /**
   * The content of a file; also of a pipe that the shell handed over, as for {@code --config
   * <(command)}.
   *
   * @param most bytes that are read
   * @throws IOException when it cannot be read, is no such file or has more bytes; the message then
   *     says what it is, without the file's name
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

  /** An open file of this process: somebody is at the other end of a pipe. */
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
