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

/** Files that appear whole or not at all. */
public final class AtomicFiles {
  private AtomicFiles() {}

  /**
   * Writes a file that must not be there yet.
   *
   * @throws FileAlreadyExistsException when it is; it stays as it was
   */
  public static void create(Path file, byte[] content) throws IOException {
    Path whole = writeBeside(file, content);
    try {
      // A hard link is the one step that is atomic and refuses to replace; a move is not both.
      Files.createLink(file, whole);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException noLinks) {
      // An object store has none, and puts a file there in one step anyway.
      Files.write(file, content, StandardOpenOption.CREATE_NEW);
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  /** Writes a file in place of the one that may be there; readers see the old or the new one. */
  public static void replace(Path file, byte[] content) throws IOException {
    replace(file, out -> out.write(content));
  }

  /** What goes into a file. */
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** As {@link #replace(Path, byte[])}, for a content that is never in memory as a whole. */
  static void replace(Path file, Content content) throws IOException {
    Path whole = beside(file);
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

  private static Path beside(Path file) {
    // Not createTempFile: its files are their owner's alone, and a store is shared.
    return file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
  }

  /** Has the disk hold a file before another one says that it is there. */
  static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (UnsupportedOperationException noChannel) {
      // Another provider than the default one; an object store has no cache to flush.
    }
  }

  private static Path writeBeside(Path file, byte[] content) throws IOException {
    Path whole = beside(file);
    try {
      Files.write(whole, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.SYNC);
    } catch (IOException e) {
      // The disk is full, most likely.
      Files.deleteIfExists(whole);
      throw e;
    }
    return whole;
  }
}
