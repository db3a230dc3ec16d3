package io.tagstream.job.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.lock.ThisProcess;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * Locks a job's snapshots against a second process and names the holder. Released when the process
 * ends.
 */
public final class JobLock implements AutoCloseable {
  /** Beyond the text, so that on any system another process can read the holder's name. */
  private static final long LOCKED_BYTE = 1 << 20;

  private final FileChannel channel;

  private JobLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock of a job's folder.
   *
   * @param folder the job's folder, created if it is missing
   * @throws UserException if another process holds the lock; the message names process and host
   */
  public static JobLock take(Path folder, String jobName) {
    Path file = folder.resolve("lock");
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (!locked(channel)) {
        String holder = Files.readString(file, UTF_8).strip();
        channel.close();
        throw new UserException(
            "job %s is running already: %s holds %s; stop it, or choose another --name"
                .formatted(jobName, holder.isEmpty() ? "another process" : holder, folder));
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(ThisProcess.since(Instant.now()).getBytes(UTF_8)), 0);
      return new JobLock(channel);
    } catch (IOException e) {
      throw new UserException("cannot lock %s: %s".formatted(file, e), e);
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock(LOCKED_BYTE, 1, false) != null;
    } catch (OverlappingFileLockException heldByThisProcess) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UserException("cannot release the job's lock: " + e, e);
    }
  }
}
