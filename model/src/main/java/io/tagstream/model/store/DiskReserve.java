package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * What a training leaves free on the disk of its store: a job that serves keeps its snapshots and
 * its records of what is live there too.
 */
final class DiskReserve {
  /** In bytes. */
  static final long RESERVE = 1L << 30;

  private final LongSupplier usable;

  /**
   * @param usable the bytes that are free
   */
  DiskReserve(LongSupplier usable) {
    this.usable = usable;
  }

  /** Of the disk that a folder lies on; without an end where the file system does not say. */
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
   * Asks before something is written.
   *
   * @throws ModelException when less than the reserve would be left
   */
  void require(Path target, long bytes) {
    long free = usable.getAsLong();
    if (free - RESERVE < bytes) {
      throw new ModelException(
          "no room for %s: %d MiB are free, %d MiB are needed, %d of them to stay free; give the disk room, or lower models.keep"
              .formatted(
                  target, free >> 20, (bytes + RESERVE + (1 << 20) - 1) >> 20, RESERVE >> 20));
    }
  }
}
