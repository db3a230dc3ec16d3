package io.tagstream.trainingstore;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.UUID;

/**
 * A file of the training store that is being written without Flink: hidden until {@link #publish},
 * and gone when it is closed before.
 */
final class NewFile implements AutoCloseable {
  private final Path hidden;
  private final Path visible;
  private final TrainingFileWriter rows;

  /**
   * @param prefix of its name, which is unique
   * @param notes for its header
   */
  NewFile(Path folder, String prefix, Map<String, String> notes) throws IOException {
    Files.createDirectories(folder);
    String name = "%s-%s%s".formatted(prefix, UUID.randomUUID(), TrainingStore.SUFFIX);
    hidden = folder.resolve("." + name + ".tmp");
    visible = folder.resolve(name);
    rows =
        new TrainingFileWriter(
            Files.newOutputStream(hidden, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            notes);
  }

  TrainingFileWriter rows() {
    return rows;
  }

  /** Makes the whole file visible in one step. */
  void publish() throws IOException {
    rows.close();
    try (FileChannel channel = FileChannel.open(hidden, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (UnsupportedOperationException noChannel) {
      // Another provider than the default one; an object store has no cache to flush.
    }
    try {
      Files.move(hidden, visible, StandardCopyOption.ATOMIC_MOVE);
    } catch (UnsupportedOperationException | AtomicMoveNotSupportedException notAtomic) {
      Files.move(hidden, visible);
    }
  }

  @Override
  public void close() throws IOException {
    rows.close();
    Files.deleteIfExists(hidden);
  }
}
