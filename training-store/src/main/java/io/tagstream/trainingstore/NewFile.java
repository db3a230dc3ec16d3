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
 * A file of the training store that is written without Flink: hidden until {@link #publish}, and
 * deleted if it is closed before.
 */
final class NewFile implements AutoCloseable {
  private final Path hidden;
  private final Path visible;
  private final TrainingFileWriter rows;

  /**
   * @param prefix the prefix of its name, to which a random UUID is added
   * @param notes entries for its header
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

  /** Makes the complete file visible, atomically where the file system can. */
  void publish() throws IOException {
    rows.close();
    try (FileChannel channel = FileChannel.open(hidden, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (UnsupportedOperationException noChannel) {
      // Not the default provider; an object store has no cache to flush.
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
