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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.core.fs.Path;

/**
 * The snapshots of one job name, {@code CHECKPOINTS/NAME}: a folder of checkpoints per run, the
 * savepoints next to these, and a file of notes. Uses Flink's file systems, as the snapshots
 * themselves do.
 */
public final class SnapshotFolder {
  /** Written last: a snapshot with this file is complete. */
  static final String METADATA = "_metadata";

  private static final Pattern CHECKPOINT = Pattern.compile("chk-(\\d{1,18})");
  private static final String SAVEPOINT = "savepoint-";

  /**
   * Folders that Flink creates at the start of a run and does not remove with the last checkpoint.
   */
  private static final Set<String> RUN_FOLDERS = Set.of("shared", "taskowned");

  private static final String NOTES = "job.properties";

  /** At least two letters: a single one is a Windows drive. */
  private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]+:");

  private final Path folder;

  /**
   * @param checkpoints the folder of all jobs, a path or a URI
   */
  public SnapshotFolder(String checkpoints, String jobName) {
    // Flink's checkpoint storage accepts only paths with a scheme.
    this.folder = new Path(new Path(uri(checkpoints)), jobName);
  }

  /** Converts a path or a URI: Flink selects its file system by the scheme. */
  public static URI uri(String place) {
    return SCHEME.matcher(place).lookingAt()
        ? URI.create(place)
        : java.nio.file.Path.of(place).toAbsolutePath().normalize().toUri();
  }

  /** The folder, if it is on a local file system. */
  public Optional<java.nio.file.Path> local() {
    URI uri = folder.toUri();
    return "file".equals(uri.getScheme())
        ? Optional.of(java.nio.file.Path.of(uri.getPath()))
        : Optional.empty();
  }

  /** The folder, as a user would write it. */
  String shown() {
    return local().map(java.nio.file.Path::toString).orElse(location());
  }

  /** The URI that Flink writes to. */
  public String location() {
    return folder.toString();
  }

  /**
   * The snapshots taken since an instant, newest first. Unfinished ones are left out.
   *
   * @throws UserException when the folder cannot be read
   */
  public List<Snapshot> newestFirst(Instant since) {
    List<Snapshot> found = new ArrayList<>();
    try {
      for (FileStatus child : list(folder)) {
        if (child.getPath().getName().startsWith(SAVEPOINT)) {
          snapshot(child.getPath()).ifPresent(found::add);
        } else if (child.isDir()) {
          found.addAll(ofRun(child.getPath()));
        }
      }
    } catch (IOException e) {
      throw new UserException("cannot read the snapshots in %s: %s".formatted(folder, e), e);
    }
    return found.stream()
        .filter(snapshot -> !snapshot.takenAt().isBefore(since))
        // Stable: checkpoints of one run stay in the order of their ids.
        .sorted(Comparator.comparing(Snapshot::takenAt).reversed())
        .toList();
  }

  /** The first of {@link #newestFirst}. */
  public Optional<Snapshot> newest(Instant since) {
    return newestFirst(since).stream().findFirst();
  }

  /**
   * The texts in the state of all complete snapshots, as {@link SnapshotContents#texts} finds them.
   *
   * @param named a further snapshot, in any folder
   * @return empty if a snapshot is damaged or its state cannot be searched
   * @throws UserException when a snapshot cannot be read
   */
  public Optional<Set<String>> texts(Pattern wanted, Optional<String> named) {
    Set<String> found = new HashSet<>();
    List<Snapshot> all = newestFirst(Instant.MIN);
    if (all.stream().anyMatch(snapshot -> snapshot.damage().isPresent())) {
      return Optional.empty();
    }
    List<String> locations =
        Stream.concat(
                all.stream().map(Snapshot::location), named.stream().map(SnapshotFolder::directory))
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

  /** The snapshot's folder: Flink accepts the folder or its metadata file. */
  private static String directory(String named) {
    Path path = new Path(named);
    return path.getName().equals(METADATA) ? path.getParent().toString() : path.toString();
  }

  /**
   * The checkpoints of one run, newest first by id. None is taken to be younger than the one after
   * it, even if it was copied later.
   */
  private static List<Snapshot> ofRun(Path run) throws IOException {
    List<FileStatus> folders = new ArrayList<>();
    for (FileStatus child : list(run)) {
      if (CHECKPOINT.matcher(child.getPath().getName()).matches()) {
        folders.add(child);
      }
    }
    folders.sort(Comparator.comparing((FileStatus child) -> id(child)).reversed());
    List<Snapshot> checkpoints = new ArrayList<>();
    Instant next = Instant.MAX;
    for (FileStatus child : folders) {
      Optional<Snapshot> checkpoint = snapshot(child.getPath());
      if (checkpoint.isPresent()) {
        Snapshot whole = checkpoint.get();
        next = whole.takenAt().isBefore(next) ? whole.takenAt() : next;
        checkpoints.add(new Snapshot(whole.location(), whole.name(), next, whole.damage()));
      }
    }
    return checkpoints;
  }

  private static long id(FileStatus checkpoint) {
    Matcher name = CHECKPOINT.matcher(checkpoint.getPath().getName());
    return name.matches() ? Long.parseLong(name.group(1)) : 0;
  }

  private static Optional<Snapshot> snapshot(Path location) throws IOException {
    FileStatus metadata;
    try {
      metadata = location.getFileSystem().getFileStatus(new Path(location, METADATA));
    } catch (FileNotFoundException unfinished) {
      return Optional.empty();
    }
    Instant written = Instant.ofEpochMilli(metadata.getModificationTime());
    try {
      Instant takenAt = SnapshotContents.takenAt(location).orElse(written);
      return Optional.of(
          new Snapshot(location.toString(), location.getName(), takenAt, Optional.empty()));
    } catch (FileNotFoundException discardedMeanwhile) {
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          new Snapshot(
              location.toString(), location.getName(), written, Optional.of(e.toString())));
    }
  }

  /**
   * Removes what Flink leaves: checkpoints of earlier runs, except the newest few, and the folders
   * of runs without checkpoints if no snapshot refers to their files. Savepoints stay. No run of
   * the job may be in progress.
   *
   * @param retained the number of newest snapshots that always stay
   */
  public void tidy(int retained) {
    List<Snapshot> all = newestFirst(Instant.MIN);
    if (all.stream().anyMatch(snapshot -> snapshot.damage().isPresent())) {
      // The files that it refers to are not known.
      return;
    }
    try {
      List<Snapshot> kept = new ArrayList<>(all.subList(0, Math.min(retained, all.size())));
      for (Snapshot old : all.subList(kept.size(), all.size())) {
        if (CHECKPOINT.matcher(old.name()).matches()) {
          Path location = new Path(old.location());
          location.getFileSystem().delete(location, true);
        } else {
          kept.add(old);
        }
      }
      removeRunsWithoutCheckpoints(kept);
    } catch (IOException e) {
      throw new UserException("cannot tidy the snapshots in %s: %s".formatted(folder, e), e);
    }
  }

  private void removeRunsWithoutCheckpoints(List<Snapshot> kept) throws IOException {
    List<String> metadata = new ArrayList<>();
    for (Snapshot snapshot : kept) {
      metadata.add(SnapshotContents.text(new Path(snapshot.location())));
    }
    for (FileStatus run : list(folder)) {
      String name = run.getPath().getName();
      if (run.isDir() && isOfRun(run) && metadata.stream().noneMatch(text -> text.contains(name))) {
        run.getPath().getFileSystem().delete(run.getPath(), true);
      }
    }
  }

  /** Whether a folder is that of a run without any checkpoint, complete or not. */
  private static boolean isOfRun(FileStatus folder) throws IOException {
    List<FileStatus> contents = List.of(list(folder.getPath()));
    return !contents.isEmpty()
        && contents.stream()
            .allMatch(child -> child.isDir() && RUN_FOLDERS.contains(child.getPath().getName()));
  }

  private static FileStatus[] list(Path path) throws IOException {
    FileSystem files = path.getFileSystem();
    try {
      FileStatus[] children = files.exists(path) ? files.listStatus(path) : null;
      return children == null ? new FileStatus[0] : children;
    } catch (FileNotFoundException gone) {
      // A run in another process may discard its snapshots meanwhile.
      return new FileStatus[0];
    }
  }

  /**
   * Records that the stop which wrote a savepoint finished. The savepoint alone does not show this:
   * it is complete before its transactions are committed, and it may not belong to a stop.
   */
  public void noteFinishedStop(String savepoint) {
    String name = new Path(savepoint).getName();
    notes().ifPresent(notes -> write(notes.stoppedWith(name)));
  }

  /** The notes of the last start and of the stop after it. */
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
          "cannot read %s: %s; --fresh starts without the snapshots".formatted(file, e), e);
    }
  }

  private static FSDataInputStream openForReading(Path file) throws IOException {
    return file.getFileSystem().open(file);
  }

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
