package io.tagstream.trainingstore;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.AtomicFiles;
import io.tagstream.model.store.RegularFile;
import io.tagstream.settings.UserException;
import io.tagstream.trainingstore.StoreFile.Part;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of labelled images: Avro container files that never change, with one row per block. Only
 * visible files belong to the store: files whose names begin with a dot or an underscore are being
 * written, and are ignored.
 *
 * <p>A visible file that cannot be used, because it is truncated or not a training file, is
 * skipped: it is logged once, and each listing and run names it with the reason. It does not stop
 * the training, because it may run unattended; but the withdrawals in it have no effect until it is
 * repaired.
 *
 * <p>Thread-safe.
 */
public final class TrainingStore {
  /** The suffix of its files' names. */
  public static final String SUFFIX = ".avro";

  /** The size at which the next file begins, in bytes. */
  public static final long FILE_BYTES = 128L << 20;

  private static final int LONGEST_OWNER = 1 << 16;

  /** The file that names the job which owns the store. */
  private static final String OWNER = ".job";

  private static final Logger LOG = LoggerFactory.getLogger(TrainingStore.class);

  private final Path folder;
  private final RetrainRuns runs;

  /** Cached contents of the visible files, by name. */
  private final Map<String, CachedFile> cached = new HashMap<>();

  private final Map<StoreFile, List<TrainingRowHead>> heads = new HashMap<>();

  /** The files that the last listing skipped, which are logged already. */
  private List<UnusableFile> leftOut = List.of();

  /** A store in a folder, which does not have to exist yet. */
  public TrainingStore(Path folder) {
    this.folder = folder;
    this.runs = new RetrainRuns(folder);
  }

  Path folder() {
    return folder;
  }

  /**
   * Claims the store for a job that writes to it and trains on it. Only one job may: another one
   * would resume this job's runs and publish them to its own models.
   *
   * @param cluster the id of the Kafka cluster with the labels
   * @param models the model store that the job trains for
   * @throws UserException if the store belongs to another job, or to a job with another cluster or
   *     model store
   */
  public void claim(String job, String cluster, Path models) {
    Path file = folder.resolve(OWNER);
    StoreOwner owner = StoreOwner.of(job, cluster, folder, models);
    try {
      Files.createDirectories(folder);
      AtomicFiles.create(file, owner.bytes());
    } catch (FileAlreadyExistsException claimed) {
      requireOwner(file, owner);
    } catch (IOException e) {
      throw new UserException("cannot write %s: %s".formatted(file, e), e);
    }
  }

  private void requireOwner(Path file, StoreOwner owner) {
    try {
      StoreOwner known = StoreOwner.read(RegularFile.read(file, LONGEST_OWNER));
      known
          .difference(owner)
          .ifPresent(
              difference -> {
                throw new UserException(
                    "the training store %s belongs to %s: give each job its own store, or delete %s if the other job no longer exists"
                        .formatted(folder, difference, file));
              });
      if (known.isIncomplete()) {
        AtomicFiles.replace(file, owner.bytes());
      }
    } catch (ModelException e) {
      throw new UserException(e.getMessage(), e);
    } catch (IOException e) {
      throw new UserException("cannot use %s: %s".formatted(file, e), e);
    }
  }

  /** The runs on this store. */
  public RetrainRuns runs() {
    return runs;
  }

  /**
   * Lists the finished files. The row heads of new files are read and cached, so a file with an
   * unreadable row is skipped here and does not fail later readers.
   *
   * @throws UserException if the folder cannot be listed
   */
  public synchronized Listing list() {
    Set<String> names = names();
    cached.keySet().retainAll(names);
    heads.keySet().removeIf(file -> !names.contains(file.name()));
    List<StoreFile> files = new ArrayList<>();
    Set<String> replaced = new HashSet<>();
    List<UnusableFile> unusable = new ArrayList<>();
    for (String name : names) {
      try {
        Content content = read(name).content();
        if (content instanceof Rows rows) {
          files.add(rows.file());
          rows.replaced().stream().filter(other -> !other.equals(name)).forEach(replaced::add);
        } else if (content instanceof Unusable unusableContent) {
          unusable.add(unusableContent.file());
        }
      } catch (NoSuchFileException gone) {
        // The file was merged or deleted since the folder was listed.
        cached.remove(name);
      }
    }
    unusable.stream()
        .filter(file -> !leftOut.contains(file))
        .forEach(file -> LOG.warn("The training store skips {}", file));
    leftOut = List.copyOf(unusable);
    Set<StoreFile> merged = merged(files, replaced);
    return new Listing(
        files.stream().filter(file -> !merged.contains(file)).toList(),
        unusable,
        List.copyOf(merged));
  }

  /**
   * Reads the heads of all rows of some files; one row per image counts.
   *
   * @param files the files of a listing or of a run's manifest
   * @throws UserException if a file is missing or was changed
   */
  public ImageCollection read(List<StoreFile> files) {
    Map<StoreFile, List<TrainingRowHead>> rows = new HashMap<>();
    files.forEach(file -> rows.put(file, heads(file)));
    return ImageCollection.of(folder, rows);
  }

  /**
   * The ids of images that a version was not trained on: those that its own run did not read. Later
   * runs do not matter, because they trained other versions.
   *
   * @return empty if no run on this store trained the version
   */
  public Optional<Set<String>> newTo(String version, ImageCollection images) {
    return runs.find(version).map(images::newSince);
  }

  synchronized List<TrainingRowHead> heads(StoreFile file) {
    return heads.computeIfAbsent(file, this::readHeads);
  }

  private List<TrainingRowHead> readHeads(StoreFile file) {
    Path path = folder.resolve(file.name());
    try (TrainingFile rows = TrainingFile.open(path)) {
      List<TrainingRowHead> found = rows.heads();
      if (found.size() != file.rows()) {
        throw new UserException(
            "%s has %d rows, not the %d that it had: files of the training store must not be changed"
                .formatted(path, found.size(), file.rows()));
      }
      return found;
    } catch (NoSuchFileException e) {
      throw new UserException(
          "%s is missing: files of the training store must not be deleted while a run reads them"
              .formatted(path),
          e);
    } catch (MalformedFileException e) {
      throw new UserException("cannot use %s: %s".formatted(path, e.getMessage()), e);
    } catch (IOException e) {
      throw new UserException("cannot read " + path + ": " + e, e);
    }
  }

  private Set<String> names() {
    if (!Files.exists(folder)) {
      return Set.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          // The file system provider of an object store appends a slash to a folder's name.
          .map(entry -> entry.getFileName().toString().replace("/", ""))
          .filter(name -> !name.startsWith(".") && !name.startsWith("_"))
          .filter(name -> !name.equals(RetrainRuns.FOLDER))
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new UserException("cannot list the training store " + folder + ": " + e, e);
    }
  }

  /** Identifies the state of a file. */
  private record Stamp(long bytes, long modified) {}

  private sealed interface Content {}

  private record Rows(StoreFile file, Set<String> replaced) implements Content {}

  private record Unusable(UnusableFile file) implements Content {}

  private record CachedFile(Stamp stamp, Content content) {}

  private CachedFile read(String name) throws NoSuchFileException {
    Path path = folder.resolve(name);
    try {
      Stamp stamp = new Stamp(Files.size(path), Files.getLastModifiedTime(path).toMillis());
      CachedFile before = cached.get(name);
      // An unusable file may have been repaired.
      if (before == null || !before.stamp().equals(stamp)) {
        cached.remove(name);
        cached.put(name, new CachedFile(stamp, content(path, name, stamp.bytes())));
      }
      return cached.get(name);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      return new CachedFile(new Stamp(-1, -1), unusable(name, "it cannot be read: " + e));
    }
  }

  private Content content(Path path, String name, long bytes) throws IOException {
    if (Files.isDirectory(path)) {
      return unusable(name, "it is a folder");
    }
    if (!name.endsWith(SUFFIX)) {
      return unusable(name, "its name does not end with " + SUFFIX);
    }
    if (!StoreFile.isName(name)) {
      return unusable(name, "its name has characters that are not allowed in the store");
    }
    try (TrainingFile file = TrainingFile.open(path)) {
      long rows = file.count();
      List<Part> parts = MergedParts.read(file.notes(), rows).orElse(List.of(new Part(name, rows)));
      StoreFile usable = new StoreFile(name, rows, bytes, parts);
      heads.put(usable, file.heads());
      return new Rows(usable, MergedParts.replaced(file.notes()));
    } catch (MalformedFileException e) {
      return unusable(name, e.getMessage());
    }
  }

  private static Unusable unusable(String name, String reason) {
    return new Unusable(new UnusableFile(name, reason));
  }

  /**
   * The files that a merged file replaces: its header names them, or, in earlier releases, it
   * contains all their parts.
   */
  private static Set<StoreFile> merged(List<StoreFile> files, Set<String> replaced) {
    // A replaced file replaces nothing itself: its replacement may have fewer parts.
    Map<StoreFile, Set<String>> wholes =
        files.stream()
            .filter(file -> file.parts().size() > 1 && !replaced.contains(file.name()))
            .collect(Collectors.toMap(file -> file, TrainingStore::partNames));
    Set<StoreFile> merged = new LinkedHashSet<>();
    for (StoreFile file : files) {
      if (replaced.contains(file.name())) {
        merged.add(file);
        continue;
      }
      Set<String> parts = partNames(file);
      boolean elsewhere =
          wholes.values().stream()
              .anyMatch(others -> others.size() > parts.size() && others.containsAll(parts));
      if (elsewhere) {
        merged.add(file);
      }
    }
    return merged;
  }

  private static Set<String> partNames(StoreFile file) {
    return file.parts().stream().map(Part::name).collect(Collectors.toCollection(HashSet::new));
  }
}
