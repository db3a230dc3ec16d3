package io.tagstream.model.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.tagstream.model.ModelException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder of a training in progress, {@code MODELS/runs/VERSION/}: {@code run.json} describes
 * the training, {@code checkpoint} holds its state. Both are replaced atomically, so that a killed
 * process or a full disk leaves the last complete files. An open folder is locked; the lock is
 * released when the process ends. On a file system without locks, only this process is assumed to
 * use the folder.
 */
public final class RunFolder implements AutoCloseable {
  static final String RUNS = "runs";

  private static final String DESCRIPTION = "run.json";
  private static final String CHECKPOINT = "checkpoint";
  private static final String LOCK = "lock";

  /** Identifies a checkpoint of this format. */
  private static final int MAGIC = 0x54534331;

  private static final int BUFFER_BYTES = 1 << 18;
  private static final int LONGEST_DESCRIPTION = 1 << 20;

  private final Path folder;
  private final Optional<FileChannel> lock;
  private final DiskReserve reserve;

  private RunFolder(Path folder, Optional<FileChannel> lock, DiskReserve reserve) {
    this.folder = folder;
    this.lock = lock;
    this.reserve = reserve;
  }

  /**
   * The versions of the trainings in progress, oldest first.
   *
   * @throws ModelException if the folder cannot be listed
   */
  public static List<String> versions(ModelStore store) {
    return ModelStore.runs(store.root()).stream().filter(ModelStore::isVersionName).toList();
  }

  /**
   * Opens a version's folder; creates it if it is missing.
   *
   * @return empty if another training has it open
   * @throws ModelException if the file system fails
   */
  public static Optional<RunFolder> open(ModelStore store, String version) {
    if (!ModelStore.isVersionName(version)) {
      throw new ModelException("'%s' is not a version's name".formatted(version));
    }
    Path folder = store.root().resolve(RUNS).resolve(version);
    if (Files.isSymbolicLink(folder)) {
      throw new ModelException(
          "cannot use %s: it is a link, and the store does not write to or delete its target; remove the link"
              .formatted(folder));
    }
    try {
      Files.createDirectories(folder);
      RegularFile.requireUnlessMissing(folder.resolve(LOCK));
      Optional<FileChannel> lock = lockFile(folder.resolve(LOCK));
      if (lock.isPresent() && !locked(lock.get(), folder)) {
        lock.get().close();
        return Optional.empty();
      }
      RunFolder opened = new RunFolder(folder, lock, store.reserve());
      opened.removeHalfFiles();
      return Optional.of(opened);
    } catch (IOException e) {
      throw new ModelException("cannot use " + folder + ": " + e, e);
    }
  }

  /**
   * Removes the folders that nobody has open and that are no longer needed: those of versions that
   * exist, and those that were not written for {@code longerAgo}.
   *
   * @throws ModelException if the file system fails
   */
  public static void removeAbandoned(ModelStore store, Duration longerAgo) {
    Set<String> whole = Set.copyOf(store.versions());
    for (String version : versions(store)) {
      if (whole.contains(version) || age(store, version).compareTo(longerAgo) > 0) {
        remove(store, version);
      }
    }
  }

  /**
   * Removes the folder of a run that will not be resumed, if it exists and nobody has it open.
   *
   * @throws ModelException if the file system fails
   */
  public static void remove(ModelStore store, String version) {
    Path link = store.root().resolve(RUNS).resolve(version);
    if (Files.isSymbolicLink(link)) {
      // The target does not belong to the store.
      unlink(link);
    } else if (versions(store).contains(version)) {
      open(store, version)
          .ifPresent(
              opened -> {
                opened.remove();
                opened.close();
              });
    }
  }

  private static void unlink(Path link) {
    try {
      Files.deleteIfExists(link);
    } catch (IOException e) {
      throw new ModelException("cannot remove " + link + ": " + e, e);
    }
  }

  private static Duration age(ModelStore store, String version) {
    Path folder = store.root().resolve(RUNS).resolve(version);
    try {
      return FileAge.of(folder, store.now());
    } catch (NoSuchFileException goneMeanwhile) {
      return Duration.ZERO;
    } catch (IOException e) {
      throw new ModelException("cannot read " + folder + ": " + e, e);
    }
  }

  private static Optional<FileChannel> lockFile(Path file) throws IOException {
    try {
      return Optional.of(
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
    } catch (UnsupportedOperationException noLocks) {
      return Optional.empty();
    }
  }

  private static boolean locked(FileChannel channel, Path folder) throws IOException {
    try {
      // The previous holder may have removed the file meanwhile; then the lock is worthless.
      return channel.tryLock() != null && Files.exists(folder.resolve(LOCK));
    } catch (OverlappingFileLockException heldByThisProcess) {
      return false;
    }
  }

  /** Removes the temporary files that a killed process left. */
  private void removeHalfFiles() throws IOException {
    for (Path file : files()) {
      if (file.getFileName().toString().startsWith(".")) {
        Files.deleteIfExists(file);
      }
    }
  }

  public String version() {
    return folder.getFileName().toString();
  }

  /** Writes the description of the run. */
  public void describe(Record description) {
    Path file = folder.resolve(DESCRIPTION);
    try {
      AtomicFiles.replace(file, StoreJson.write(description));
    } catch (IOException e) {
      throw new ModelException("cannot write " + file + ": " + e, e);
    }
  }

  /**
   * The description of the run; empty if there is none, or if another release wrote it in a
   * different form.
   *
   * @throws ModelException if it cannot be read
   */
  public <T extends Record> Optional<T> description(Class<T> type) {
    return description(folder, type);
  }

  /** As {@link #description(Class)}, for a run that another process may have open. */
  public static <T extends Record> Optional<T> description(
      ModelStore store, String version, Class<T> type) {
    return description(store.root().resolve(RUNS).resolve(version), type);
  }

  private static <T extends Record> Optional<T> description(Path folder, Class<T> type) {
    Path file = folder.resolve(DESCRIPTION);
    try {
      return Optional.of(StoreJson.read(RegularFile.read(file, LONGEST_DESCRIPTION), type));
    } catch (NoSuchFileException | JsonProcessingException anotherRelease) {
      return Optional.empty();
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  /** Writes the content of a checkpoint after its position. */
  public interface Saved {
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Replaces the checkpoint and flushes it to disk.
   *
   * @param position the run's position
   * @param bytes the most bytes of the content
   * @throws ModelException if the file system fails, or less than the disk's reserve would be left;
   *     the previous checkpoint stays
   */
  public void save(Record position, long bytes, Saved content) {
    Path file = folder.resolve(CHECKPOINT);
    reserve.require(file, bytes);
    byte[] header = StoreJson.write(position);
    try {
      AtomicFiles.replace(
          file,
          out -> {
            BufferedOutputStream buffered = new BufferedOutputStream(out, BUFFER_BYTES);
            DataOutputStream data = new DataOutputStream(buffered);
            data.writeInt(MAGIC);
            data.writeInt(header.length);
            data.write(header);
            content.writeTo(data);
            data.flush();
          });
    } catch (IOException e) {
      throw new ModelException(
          "cannot write the checkpoint %s: %s; the previous one is kept".formatted(file, e), e);
    }
  }

  /** Reads the content of a checkpoint. */
  public interface Restored<T> {
    void readFrom(T position, InputStream in) throws IOException;
  }

  /**
   * Reads the checkpoint.
   *
   * @return its position; empty if there is no checkpoint
   * @throws ModelException if it is damaged
   */
  public <T extends Record> Optional<T> restore(Class<T> type, Restored<T> content) {
    Path file = folder.resolve(CHECKPOINT);
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(open(file), BUFFER_BYTES))) {
      if (in.readInt() != MAGIC) {
        throw new IOException("it is not a checkpoint of this release");
      }
      int length = in.readInt();
      if (length < 0 || length > LONGEST_DESCRIPTION) {
        throw new IOException("its header is damaged");
      }
      byte[] header = new byte[length];
      in.readFully(header);
      T position = StoreJson.read(header, type);
      content.readFrom(position, in);
      return Optional.of(position);
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException e) {
      throw unusable(file, e.toString(), e);
    } catch (ModelException e) {
      throw unusable(file, e.getMessage(), e);
    }
  }

  private static InputStream open(Path file) throws IOException {
    RegularFile.require(file);
    return Files.newInputStream(file);
  }

  private ModelException unusable(Path file, String why, Exception cause) {
    return new ModelException(
        "cannot resume from %s: %s; remove %s to start again".formatted(file, why, folder), cause);
  }

  /** Deletes the description and the checkpoint of the run. */
  public void clear() {
    try {
      removeAllButTheLock();
    } catch (IOException e) {
      throw new ModelException("cannot clear " + folder + ": " + e, e);
    }
  }

  /** Removes the folder: the run has ended, or will not be resumed. */
  public void remove() {
    try {
      removeAllButTheLock();
      // Delete the lock last, so that nobody opens the folder before it is empty.
      Files.deleteIfExists(folder.resolve(LOCK));
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new ModelException("cannot remove " + folder + ": " + e, e);
    }
  }

  private void removeAllButTheLock() throws IOException {
    for (Path file : files()) {
      if (!file.endsWith(LOCK)) {
        Files.deleteIfExists(file);
      }
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** Releases the lock. */
  @Override
  public void close() {
    lock.ifPresent(
        channel -> {
          try {
            channel.close();
          } catch (IOException e) {
            throw new ModelException("cannot release the lock of " + folder + ": " + e, e);
          }
        });
  }
}
