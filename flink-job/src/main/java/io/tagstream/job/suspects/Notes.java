package io.tagstream.job.suspects;

import io.tagstream.model.LastingState;
import io.tagstream.schemas.RejectionStage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes which records one thread decodes or infers, in a file that outlives the process. Without
 * notes, a record that kills the process would be read again and kill it again, indefinitely.
 *
 * <p>Every record in work when a process died is a suspect: from then on it is decoded and inferred
 * while nothing else is in work in the process. A record at which the process dies twice in a row
 * nevertheless, in the same stage, is rejected.
 */
public final class Notes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Notes.class);

  /** Suspects take the write lock, all others the read lock; fair, so that no suspect starves. */
  private static final ReadWriteLock TURNS = new ReentrantReadWriteLock(true);

  /**
   * The files of this process. They must not be opened a second time, because closing them then
   * would release their locks.
   */
  private static final Set<Path> OWN = new HashSet<>();

  private final LastingState unwritten =
      new LastingState(LOG::warn, "Cannot note which records are in work");
  private final Suspects suspects;
  private final Optional<NoteFile> file;

  /** Work that may end the process. */
  @FunctionalInterface
  public interface Work<T, E extends Exception> {
    T run() throws E;
  }

  @FunctionalInterface
  private interface Note {
    void write(NoteFile to) throws IOException;
  }

  private Notes(Suspects suspects, Optional<NoteFile> file) {
    this.suspects = suspects;
    this.file = file;
  }

  /** For work that is not repeated: nothing is noted and no record is a suspect. */
  public static Notes none() {
    return new Notes(new Suspects(), Optional.empty());
  }

  /**
   * Reads the notes of dead processes and creates a file for this thread's notes. If that fails,
   * the job continues without notes and logs this.
   */
  public static Notes open(NotePlace place, RuntimeContext context) {
    return place.folder(context).map(Notes::open).orElseGet(Notes::none);
  }

  static Notes open(Path folder) {
    synchronized (OWN) {
      Suspects suspects = Suspects.read(folder);
      try {
        Files.createDirectories(folder);
        try (FileChannel channel = lockFile(folder)) {
          // Held until the channel is closed.
          FileLock unused = channel.lock();
          // Read again, now that no other process can change it.
          suspects = Suspects.read(folder);
          addNotesOfDeadProcesses(folder, suspects);
          NoteFile file = NoteFile.create(folder);
          OWN.add(file.path());
          return new Notes(suspects, Optional.of(file));
        }
      } catch (IOException | RuntimeException e) {
        LOG.warn(
            "Cannot note in {} which records are in work, so a record that kills the process would"
                + " be read again indefinitely. Make the folder writable. {}",
            folder,
            e.toString());
        return new Notes(suspects, Optional.empty());
      }
    }
  }

  /**
   * Opens the file whose lock prevents other processes from changing a folder's suspects. Within
   * this process, the caller must hold the monitor of {@link #OWN}.
   */
  private static FileChannel lockFile(Path folder) throws IOException {
    return FileChannel.open(
        folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static void addNotesOfDeadProcesses(Path folder, Suspects suspects) throws IOException {
    Set<Path> done = new HashSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + NoteFile.SUFFIX)) {
      for (Path file : files) {
        if (OWN.contains(file)) {
          continue;
        }
        try {
          NoteFile.read(file)
              .ifPresent(
                  content -> {
                    suspects.add(content);
                    done.add(file);
                  });
        } catch (IOException e) {
          LOG.warn("Ignored and deleted {}: {}", file, e.toString());
          done.add(file);
        }
      }
    }
    if (!done.isEmpty()) {
      suspects.write(folder);
      for (Path file : done) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Whether a record must be processed alone. */
  public boolean isSuspect(NotedRecord record) {
    return suspects.contains(record);
  }

  /** The stage in which a record alone ended the process; such a record must be rejected. */
  public Optional<RejectionStage> endedAt(NotedRecord record) {
    return suspects.endedAt(record);
  }

  /**
   * Runs work that may end the process. A single suspect has the process to itself meanwhile.
   *
   * @param stage decode or inference
   */
  public <T, E extends Exception> T during(
      RejectionStage stage, List<NotedRecord> records, Work<T, E> work) throws E {
    boolean alone = records.size() == 1 && suspects.contains(records.get(0));
    Lock turn = alone ? TURNS.writeLock() : TURNS.readLock();
    turn.lock();
    try {
      note(noted -> noted.write(stage, alone, records));
      try {
        return work.run();
      } finally {
        note(NoteFile::clear);
        if (alone && suspects.survived(stage, records.get(0))) {
          note(noted -> writeSurvived(noted.path().getParent(), stage, records.get(0)));
        }
      }
    } finally {
      turn.unlock();
    }
  }

  private static void writeSurvived(Path folder, RejectionStage stage, NotedRecord record)
      throws IOException {
    synchronized (OWN) {
      try (FileChannel channel = lockFile(folder)) {
        FileLock unused = channel.lock();
        Suspects written = Suspects.read(folder);
        if (written.survived(stage, record)) {
          written.write(folder);
        }
      }
    }
  }

  /** A note that cannot be written, for example to a full disk, does not prevent the work. */
  private void note(Note note) {
    if (file.isEmpty()) {
      return;
    }
    try {
      note.write(file.get());
      unwritten.isOver();
    } catch (IOException e) {
      unwritten.lasts(e.toString(), null);
    }
  }

  @Override
  public void close() {
    synchronized (OWN) {
      file.ifPresent(
          noted -> {
            try {
              noted.close();
            } catch (IOException e) {
              LOG.warn("Cannot remove {}: {}", noted.path(), e.toString());
            }
            OWN.remove(noted.path());
          });
    }
  }
}
