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
 * A folder of labelled pictures: Avro container files that never change, one row a block. The
 * visible files are the truth: names that begin with a dot or an underscore are of files that are
 * being written, and never looked at.
 *
 * <p>A visible file that cannot be used, because it is cut short or none of the store's, is left
 * out: the log says so once, and each listing and run names it with the reason. It does not stop
 * the training, which nobody may be there to start again; but withdrawals that it holds count for
 * nothing until it is mended.
 *
 * <p>Any number of threads may use one.
 */
public final class TrainingStore {
  /** Ends the names of its files. */
  public static final String SUFFIX = ".avro";

  /** What a file may hold before the next one begins. */
  public static final long FILE_BYTES = 128L << 20;

  private static final int LONGEST_OWNER = 1 << 16;

  /** Names the one job whose store it is. */
  private static final String OWNER = ".job";

  private static final Logger LOG = LoggerFactory.getLogger(TrainingStore.class);

  private final Path folder;
  private final RetrainRuns runs;

  /** What is known of the visible files, by name. */
  private final Map<String, Seen> seen = new HashMap<>();

  private final Map<StoreFile, List<TrainingRowHead>> heads = new HashMap<>();

  /** What the last listing left out, and the log knows of. */
  private List<UnusableFile> leftOut = List.of();

  /** A folder that need not be there yet. */
  public TrainingStore(Path folder) {
    this.folder = folder;
    this.runs = new RetrainRuns(folder);
  }

  Path folder() {
    return folder;
  }

  /**
   * Says that a job writes to this store and trains on it. Only one may: another would go on with
   * this one's runs, and publish them to models of its own.
   *
   * @param cluster the id of the Kafka cluster that the labels come from
   * @param models the folder of the models that it trains
   * @throws UserException when the store is another job's, or one's of another cluster or models
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
                    "the training store %s belongs to %s: give each job a store of its own, or delete %s when the other one is gone for good"
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
   * The finished files. Of those not seen before, the rows' heads are read, and remembered: a file
   * with one that cannot be read would fail whoever asks for them.
   *
   * @throws UserException when the folder cannot be listed
   */
  public synchronized Listing list() {
    Set<String> names = names();
    seen.keySet().retainAll(names);
    heads.keySet().removeIf(file -> !names.contains(file.name()));
    List<StoreFile> files = new ArrayList<>();
    Set<String> replaced = new HashSet<>();
    List<UnusableFile> unusable = new ArrayList<>();
    for (String name : names) {
      try {
        Content content = look(name).content();
        if (content instanceof Rows rows) {
          files.add(rows.file());
          rows.replaced().stream().filter(other -> !other.equals(name)).forEach(replaced::add);
        } else if (content instanceof Nothing nothing) {
          unusable.add(nothing.file());
        }
      } catch (NoSuchFileException gone) {
        // Merged or deleted since the folder was listed.
        seen.remove(name);
      }
    }
    unusable.stream()
        .filter(file -> !leftOut.contains(file))
        .forEach(file -> LOG.warn("The training store leaves out {}", file));
    leftOut = List.copyOf(unusable);
    Set<StoreFile> merged = merged(files, replaced);
    return new Listing(
        files.stream().filter(file -> !merged.contains(file)).toList(),
        unusable,
        List.copyOf(merged));
  }

  /**
   * Reads the heads of all rows of some files, of which one per image counts.
   *
   * @param files as a listing or a run's manifest has them
   * @throws UserException when one is gone or has changed
   */
  public ImageCollection read(List<StoreFile> files) {
    Map<StoreFile, List<TrainingRowHead>> rows = new HashMap<>();
    files.forEach(file -> rows.put(file, heads(file)));
    return ImageCollection.of(folder, rows);
  }

  /**
   * The ids of images that a version has not learned from: what its own run did not read. What runs
   * after that read does not matter, since nothing came of them but other versions.
   *
   * @return empty when no run on this store made the version
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
          "%s is gone: files of the training store must not be deleted while a run reads them"
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
          // An object store's provider ends a folder's name with a slash.
          .map(entry -> entry.getFileName().toString().replace("/", ""))
          .filter(name -> !name.startsWith(".") && !name.startsWith("_"))
          .filter(name -> !name.equals(RetrainRuns.FOLDER))
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new UserException("cannot list the training store " + folder + ": " + e, e);
    }
  }

  /** What tells one state of a file from another. */
  private record Stamp(long bytes, long modified) {}

  private sealed interface Content {}

  private record Rows(StoreFile file, Set<String> replaced) implements Content {}

  private record Nothing(UnusableFile file) implements Content {}

  private record Seen(Stamp stamp, Content content) {}

  private Seen look(String name) throws NoSuchFileException {
    Path path = folder.resolve(name);
    try {
      Stamp stamp = new Stamp(Files.size(path), Files.getLastModifiedTime(path).toMillis());
      Seen before = seen.get(name);
      // One that was of no use may have been mended.
      if (before == null || !before.stamp().equals(stamp)) {
        seen.remove(name);
        seen.put(name, new Seen(stamp, content(path, name, stamp.bytes())));
      }
      return seen.get(name);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      return new Seen(new Stamp(-1, -1), nothing(name, "it cannot be read: " + e));
    }
  }

  private Content content(Path path, String name, long bytes) throws IOException {
    if (Files.isDirectory(path)) {
      return nothing(name, "it is a folder");
    }
    if (!name.endsWith(SUFFIX)) {
      return nothing(name, "its name does not end with " + SUFFIX);
    }
    if (!StoreFile.isName(name)) {
      return nothing(name, "its name has characters that a store's file has not");
    }
    try (TrainingFile file = TrainingFile.open(path)) {
      long rows = file.count();
      List<Part> parts = MergedParts.read(file.notes(), rows).orElse(List.of(new Part(name, rows)));
      StoreFile usable = new StoreFile(name, rows, bytes, parts);
      heads.put(usable, file.heads());
      return new Rows(usable, MergedParts.replaced(file.notes()));
    } catch (MalformedFileException e) {
      return nothing(name, e.getMessage());
    }
  }

  private static Nothing nothing(String name, String reason) {
    return new Nothing(new UnusableFile(name, reason));
  }

  /**
   * The files that another stands for: it says so, or, written by an earlier release, has all their
   * parts among its own.
   */
  private static Set<StoreFile> merged(List<StoreFile> files, Set<String> replaced) {
    // What is replaced stands for nothing: what replaces it may have fewer parts.
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
