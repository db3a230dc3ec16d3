package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * The disk space that a training leaves free in its store: a serving job writes its snapshots and
 * the name of the live version there too.
 */
final class DiskReserve {
  static final long RESERVE = 1L << 30;

  private final LongSupplier usable;

  /**
   * @param usable reports the free bytes
   */
  DiskReserve(LongSupplier usable) {
    this.usable = usable;
  }

  /**
   * The reserve on the disk of a folder; unlimited if the file system does not report its free
   * space.
   */
  static DiskReserve of(Path folder) {
    return new DiskReserve(
        () -> {
          try {
            return Files.getFileStore(folder).getUsableSpace();
          } catch (IOException | UnsupportedOperationException unknown) {
            return Long.MAX_VALUE;
          }
        });
  }

  /**
   * Checks that {@code bytes} can be written.
   *
   * @throws ModelException if less than the reserve would be left
   */
  void require(Path target, long bytes) {
    long free = usable.getAsLong();
    if (free - RESERVE < bytes) {
      throw new ModelException(
          "no space for %s: %d MiB are free, %d MiB are needed, %d of which must stay free; free disk space, or lower models.keep"
              .formatted(
                  target, free >> 20, (bytes + RESERVE + (1 << 20) - 1) >> 20, RESERVE >> 20));
    }
  }
}
