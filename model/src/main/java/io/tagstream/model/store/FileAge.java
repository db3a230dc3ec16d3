package io.tagstream.model.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/** How long ago something was written, as its file time says. */
final class FileAge {
  /** A file server's clock and ours differ by less. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  private FileAge() {}

  /**
   * A file's age, never below zero. A time that is still to come was set while a clock was ahead:
   * it becomes the present one, so that nothing is waited for longer than it would have been.
   *
   * @throws java.nio.file.NoSuchFileException when it is gone
   */
  static Duration of(Path file, Instant now) throws IOException {
    Duration age = Duration.between(Files.getLastModifiedTime(file).toInstant(), now);
    if (age.plus(SKEW).isNegative() && !Files.isSymbolicLink(file)) {
      Files.setLastModifiedTime(file, FileTime.from(now));
    }
    return age.isNegative() ? Duration.ZERO : age;
  }
}
