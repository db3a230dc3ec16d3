package io.tagstream.model.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/** The age of a file, from its modification time. */
final class FileAge {
  /** The tolerated difference between the clocks of a file server and this machine. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  private FileAge() {}

  /**
   * A file's age, never below zero. A modification time in the future was set while a clock was
   * ahead: it is set to the present, so that the file expires no later than it would have.
   *
   * @throws java.nio.file.NoSuchFileException if the file is gone
   */
  static Duration of(Path file, Instant now) throws IOException {
    Duration age = Duration.between(Files.getLastModifiedTime(file).toInstant(), now);
    if (age.plus(SKEW).isNegative() && !Files.isSymbolicLink(file)) {
      Files.setLastModifiedTime(file, FileTime.from(now));
    }
    return age.isNegative() ? Duration.ZERO : age;
  }
}
