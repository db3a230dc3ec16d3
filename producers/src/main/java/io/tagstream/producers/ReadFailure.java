package io.tagstream.producers;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Turns I/O exceptions into words, because their own messages often hold only the path. */
final class ReadFailure {
  private ReadFailure() {}

  static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "may not be read";
    }
    if (e instanceof NoSuchFileException) {
      return "is gone";
    }
    return Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName());
  }
}
