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
 * The snapshots of one job name, {@code CHECKPOINTS/NAME}: checkpoints below a folder per run,
 * savepoints beside these, and a file of notes. Goes through Flink's file systems, as the snapshots
 * themselves do.
 */
public final class SnapshotFolder {
  /** Written last, so that a snapshot with one is whole. */
  static final String METADATA = "_metadata";

  private static final Pattern CHECKPOINT = Pattern.compile("chk-(\\d{1,18})");
  private static final String SAVEPOINT = "savepoint-";

  /** What Flink makes for a run at once, and does not remove with the last checkpoint. */
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

  /** The folder, as a user would write it. */
  String shown() {
    return local().map(java.nio.file.Path::toString).orElse(location());
  }

  /** What Flink is told to write to. */
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
   * The texts that stand in the state of any whole snapshot, as {@link SnapshotContents#texts}
   * finds them.
   *
   * @param named a further snapshot, of any folder
   * @return empty when that cannot be said
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

  /** Flink takes a snapshot's folder, or the file of metadata in it. */
  private static String directory(String named) {
    Path path = new Path(named);
    return path.getName().equals(METADATA) ? path.getParent().toString() : path.toString();
  }

  /**
   * The checkpoints of one run, newest first. Their ids say which that is, and none is younger than
   * the one after it, even if it was copied later.
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
   * Removes what nothing else does: checkpoints that earlier runs left beside the one that was
   * resumed from, but for the newest few, and the folders of runs without checkpoints, whose files
   * no snapshot refers to. Savepoints stay. No run of the job may be under way.
   *
   * @param retained how many of the newest snapshots stay in any case
   */
  public void tidy(int retained) {
    List<Snapshot> all = newestFirst(Instant.MIN);
    if (all.stream().anyMatch(snapshot -> snapshot.damage().isPresent())) {
      // What it refers to is not known.
      return;
    }
    try {
      for (Snapshot old : all.subList(Math.min(retained, all.size()), all.size())) {
        if (CHECKPOINT.matcher(old.name()).matches()) {
          Path location = new Path(old.location());
          location.getFileSystem().delete(location, true);
        }
      }
      removeRunsWithoutCheckpoints();
    } catch (IOException e) {
      throw new UserException("cannot tidy the snapshots in %s: %s".formatted(folder, e), e);
    }
  }

  private void removeRunsWithoutCheckpoints() throws IOException {
    List<String> metadata = new ArrayList<>();
    for (Snapshot snapshot : newestFirst(Instant.MIN)) {
      metadata.add(SnapshotContents.text(new Path(snapshot.location())));
    }
    for (FileStatus run : list(folder)) {
      String name = run.getPath().getName();
      if (run.isDir() && isOfRun(run) && metadata.stream().noneMatch(text -> text.contains(name))) {
        run.getPath().getFileSystem().delete(run.getPath(), true);
      }
    }
  }

  /** Whether a folder holds what Flink makes for a run, and no checkpoint, finished or not. */
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
