package io.tagstream.producers;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Why a file could not be read, in words: the exceptions' own messages are mostly the path. */
final class Reasons {
  private Reasons() {}

  static String of(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "may not be read";
    }
    if (e instanceof NoSuchFileException) {
      return "is gone";
    }
    return Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName());
  }
}
