package io.tagstream.model.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Writes files atomically: a reader sees a complete file or none. */
public final class AtomicFiles {
  private AtomicFiles() {}

  /**
   * Creates a file.
   *
   * @throws FileAlreadyExistsException if the file exists; it is left unchanged
   */
  public static void create(Path file, byte[] content) throws IOException {
    Path whole = writeBeside(file, content);
    try {
      // Only a hard link is both atomic and refuses to replace a file; a move is not.
      Files.createLink(file, whole);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException noLinks) {
      // An object store has no hard links, but creates a file in one step.
      Files.write(file, content, StandardOpenOption.CREATE_NEW);
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  /** Creates or replaces a file; readers see the old content or the new one. */
  public static void replace(Path file, byte[] content) throws IOException {
    replace(file, out -> out.write(content));
  }

  /** Writes a file's content to a stream. */
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** As {@link #replace(Path, byte[])}, for content that is not held in memory as a whole. */
  static void replace(Path file, Content content) throws IOException {
    Path whole = temporary(file);
    try {
      try (OutputStream out = Files.newOutputStream(whole, StandardOpenOption.CREATE_NEW)) {
        content.writeTo(out);
      }
      force(whole);
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (UnsupportedOperationException | AtomicMoveNotSupportedException notAtomic) {
      Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  private static Path temporary(Path file) {
    // Files of createTempFile are readable by their owner only, but a store is shared.
    return file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
  }

  /** Flushes a file to disk, before another file refers to it. */
  static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (UnsupportedOperationException noChannel) {
      // Not the default provider; an object store has no cache to flush.
    }
  }

  private static Path writeBeside(Path file, byte[] content) throws IOException {
    Path whole = temporary(file);
    try {
      Files.write(whole, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.SYNC);
    } catch (IOException e) {
      // Most likely the disk is full; do not leave a partial file.
      Files.deleteIfExists(whole);
      throw e;
    }
    return whole;
  }
}
