package io.tagstream.model.store;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Small files that appear whole or not at all. */
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
    Path whole = writeBeside(file, content);
    try {
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (UnsupportedOperationException | AtomicMoveNotSupportedException notAtomic) {
      Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  private static Path writeBeside(Path file, byte[] content) throws IOException {
    // Not createTempFile: its files are their owner's alone, and a store is shared.
    Path whole = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
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
