package io.tagstream.model.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * One change of a store at a time, over threads and processes. The lock goes with its process. A
 * file system that has no locks is taken to have no second process.
 */
final class ChangeLock {
  private final Path file;

  /** What is done alone. */
  interface Change<T> {
    T make() throws IOException;
  }

  /**
   * @param file stays when the lock is released
   */
  ChangeLock(Path file) {
    this.file = file;
  }

  /** Waits until no other change is under way. */
  <T> T alone(Change<T> change) throws IOException {
    // For all stores of this process: a change takes milliseconds, and a file's lock is the
    // process's.
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
