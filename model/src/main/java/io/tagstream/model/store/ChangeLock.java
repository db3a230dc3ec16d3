package io.tagstream.model.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Serialises the changes of a store across threads and processes. The lock is released when its
 * process ends. On a file system without locks, only this process is assumed to use the store.
 */
final class ChangeLock {
  private final Path file;

  /** A change that needs the lock. */
  interface Change<T> {
    T make() throws IOException;
  }

  /**
   * @param file the lock file; it is not deleted on release
   */
  ChangeLock(Path file) {
    this.file = file;
  }

  /** Waits until no other change is in progress, then runs this one. */
  <T> T runExclusively(Change<T> change) throws IOException {
    // A file lock belongs to the process, so its threads need their own lock. One lock for all
    // stores is enough: a change takes milliseconds.
    synchronized (ChangeLock.class) {
      Optional<FileChannel> channel = lock();
      try {
        return change.make();
      } finally {
        if (channel.isPresent()) {
          channel.get().close();
        }
      }
    }
  }

  private Optional<FileChannel> lock() throws IOException {
    Files.createDirectories(file.getParent());
    FileChannel channel;
    try {
      RegularFile.requireUnlessMissing(file);
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (UnsupportedOperationException noChannels) {
      return Optional.empty();
    }
    try {
      var unused = channel.lock();
      return Optional.of(channel);
    } catch (IOException noLocks) {
      channel.close();
      return Optional.empty();
    }
  }
}
