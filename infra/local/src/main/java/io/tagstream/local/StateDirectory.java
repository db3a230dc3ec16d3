package io.tagstream.local;

import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A {@code --state} folder, locked by one process at a time. The operating system releases the lock
 * when the process ends in any way, so no stale lock can remain.
 */
public final class StateDirectory implements AutoCloseable {

  private final Path root;
  private final FileChannel channel;
  private final FileLock lock;

  private StateDirectory(Path root, FileChannel channel, FileLock lock) {
    this.root = root;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Locks the folder, and creates it if it is missing.
   *
   * @param holder the name that a second process reports, such as {@code tagstream demo}
   * @throws UserException with the holder's name and process id when another process holds it
   */
  public static StateDirectory hold(Path root, String holder) {
    Path absolute = root.toAbsolutePath().normalize();
    Path file = absolute.resolve("lock");
    try {
      Files.createDirectories(absolute);
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      FileLock lock;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException e) {
        // This JVM holds the lock itself, which is the same to the user.
        lock = null;
      }
      if (lock == null) {
        channel.close();
        String who = Files.readString(file).strip();
        throw new UserException(
            "%s is in use by %s; stop it or choose another folder with --state"
                .formatted(absolute, who.isEmpty() ? "another process" : who));
      }
      String line = "%s (process %d)%n".formatted(holder, ProcessHandle.current().pid());
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)), 0);
      return new StateDirectory(absolute, channel, lock);
    } catch (IOException e) {
      throw new UserException(
          "cannot use %s as the state folder: %s; choose another with --state"
              .formatted(absolute, e));
    }
  }

  /** The broker's logs and metadata. */
  public Path kafka() {
    return root.resolve("kafka");
  }

  /** The model store. */
  public Path models() {
    return root.resolve("models");
  }

  /** The checkpoints of the jobs. */
  public Path checkpoints() {
    return root.resolve("checkpoints");
  }

  /** The training store. */
  public Path trainingStore() {
    return root.resolve("training");
  }

  /** Log files, used instead of standard error. */
  public Path logs() {
    return root.resolve("logs");
  }

  public Path root() {
    return root;
  }

  @Override
  public void close() {
    try {
      lock.release();
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
