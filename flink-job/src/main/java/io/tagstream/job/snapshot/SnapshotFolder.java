package io.tagstream.job.snapshot;

import io.tagstream.settings.UserException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.core.fs.Path;

/**
 * The snapshots of one job name, {@code CHECKPOINTS/NAME}: checkpoints below a folder per run,
 * savepoints beside these, and a file of notes. Goes through Flink's file systems, as the snapshots
 * themselves do.
 */
public final class SnapshotFolder {
  /** Written last, so that a snapshot with one is whole. */
  static final String METADATA = "_metadata";

  private static final String CHECKPOINT = "chk-";
  private static final String SAVEPOINT = "savepoint-";

  /** What Flink makes for a run at once, and never removes. */
  private static final Set<String> RUN_FOLDERS = Set.of("shared", "taskowned");

  private static final String NOTES = "job.properties";

  /** Two letters at least: one is a Windows drive. */
  private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]+:");

  private final Path folder;

  /**
   * @param checkpoints the folder of all jobs, a path or a URI
   */
  public SnapshotFolder(String checkpoints, String jobName) {
    // Flink's checkpoint storage takes no path without a scheme.
    this.folder = new Path(new Path(uri(checkpoints)), jobName);
  }

  /** Of a path or a URI: Flink's file systems are found by the scheme. */
  public static URI uri(String place) {
    return SCHEME.matcher(place).lookingAt()
        ? URI.create(place)
        : java.nio.file.Path.of(place).toAbsolutePath().normalize().toUri();
  }

  /** The folder, where it is this machine's. */
  public Optional<java.nio.file.Path> local() {
    URI uri = folder.toUri();
    return "file".equals(uri.getScheme())
        ? Optional.of(java.nio.file.Path.of(uri.getPath()))
        : Optional.empty();
  }

  /** What Flink is told to write to. */
  public String location() {
    return folder.toString();
  }

  /**
   * The newest whole snapshot completed since an instant.
   *
   * @throws UserException when the folder cannot be read
   */
  public Optional<Snapshot> newest(Instant since) {
    return all().stream()
        .filter(snapshot -> !snapshot.completedAt().isBefore(since))
        .max(Comparator.comparing(Snapshot::completedAt));
  }

  /**
   * The texts that stand in the state of any whole snapshot, as {@link SnapshotContents#texts}
   * finds them.
   *
   * @param named a further snapshot, of any folder
   * @return empty when that cannot be said
   * @throws UserException when a snapshot cannot be read
   */
  public Optional<Set<String>> texts(Pattern wanted, Optional<String> named) {
    Set<String> found = new HashSet<>();
    List<String> locations =
        Stream.concat(
                all().stream().map(Snapshot::location),
                named.stream().map(SnapshotFolder::directory))
            .toList();
    for (String location : locations) {
      Optional<Set<String>> texts = SnapshotContents.texts(location, wanted);
      if (texts.isEmpty()) {
        return texts;
      }
      found.addAll(texts.get());
    }
    return Optional.of(found);
  }

  /** Flink takes a snapshot's folder, or the file of metadata in it. */
  private static String directory(String named) {
    Path path = new Path(named);
    return path.getName().equals(METADATA) ? path.getParent().toString() : path.toString();
  }

  private List<Snapshot> all() {
    List<Snapshot> found = new ArrayList<>();
    try {
      for (FileStatus child : list(folder)) {
        String name = child.getPath().getName();
        if (name.startsWith(SAVEPOINT)) {
          snapshot(child.getPath()).ifPresent(found::add);
        } else if (child.isDir()) {
          for (FileStatus grandchild : list(child.getPath())) {
            if (grandchild.getPath().getName().startsWith(CHECKPOINT)) {
              snapshot(grandchild.getPath()).ifPresent(found::add);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UserException("cannot read the snapshots in %s: %s".formatted(folder, e), e);
    }
    return found;
  }

  private static Optional<Snapshot> snapshot(Path location) throws IOException {
    try {
      FileStatus metadata = location.getFileSystem().getFileStatus(new Path(location, METADATA));
      return Optional.of(
          new Snapshot(
              location.toString(),
              location.getName(),
              Instant.ofEpochMilli(metadata.getModificationTime())));
    } catch (FileNotFoundException unfinished) {
      return Optional.empty();
    }
  }

  /**
   * Removes the folders of runs whose snapshots are all gone, which Flink leaves behind. No run of
   * the job may be under way.
   */
  public void removeEmptyRuns() {
    try {
      for (FileStatus run : list(folder)) {
        List<FileStatus> contents = List.of(list(run.getPath()));
        if (run.isDir() && !contents.isEmpty() && allEmptyFoldersOfARun(contents)) {
          run.getPath().getFileSystem().delete(run.getPath(), true);
        }
      }
    } catch (IOException e) {
      throw new UserException("cannot tidy the snapshots in %s: %s".formatted(folder, e), e);
    }
  }

  private static boolean allEmptyFoldersOfARun(List<FileStatus> contents) throws IOException {
    for (FileStatus child : contents) {
      if (!child.isDir()
          || !RUN_FOLDERS.contains(child.getPath().getName())
          || list(child.getPath()).length > 0) {
        return false;
      }
    }
    return true;
  }

  private static FileStatus[] list(Path path) throws IOException {
    FileSystem files = path.getFileSystem();
    try {
      FileStatus[] children = files.exists(path) ? files.listStatus(path) : null;
      return children == null ? new FileStatus[0] : children;
    } catch (FileNotFoundException gone) {
      // A run that goes on elsewhere may discard its snapshots meanwhile.
      return new FileStatus[0];
    }
  }

  /**
   * Notes that the stop which wrote a savepoint ran to its end. The savepoint alone does not say
   * so: it is whole before its transactions are committed, and may be none of a stop's.
   */
  public void noteFinishedStop(String savepoint) {
    String name = new Path(savepoint).getName();
    notes().ifPresent(notes -> write(notes.stoppedWith(name)));
  }

  /** What the last start, and the stop after it, noted. */
  public Optional<SnapshotNotes> notes() {
    Path file = new Path(folder, NOTES);
    try {
      if (!file.getFileSystem().exists(file)) {
        return Optional.empty();
      }
      Properties properties = new Properties();
      try (InputStream in = openForReading(file)) {
        properties.load(in);
      }
      return Optional.of(SnapshotNotes.from(properties));
    } catch (IOException | RuntimeException e) {
      throw new UserException(
          "cannot read %s: %s; --fresh goes on without the snapshots".formatted(file, e), e);
    }
  }

  private static FSDataInputStream openForReading(Path file) throws IOException {
    return file.getFileSystem().open(file);
  }

  /** Replaces the notes. */
  public void write(SnapshotNotes notes) {
    Path file = new Path(folder, NOTES);
    Path temporary = new Path(folder, NOTES + ".new");
    try {
      FileSystem files = file.getFileSystem();
      files.mkdirs(folder);
      try (OutputStream out = files.create(temporary, WriteMode.OVERWRITE)) {
        notes.toProperties().store(out, "Written by tagstream job");
      }
      if (!files.rename(temporary, file)) {
        throw new IOException("cannot rename " + temporary);
      }
    } catch (IOException e) {
      throw new UserException("cannot write %s: %s".formatted(file, e), e);
    }
  }
}
