package io.tagstream.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.tagstream.model.ModelException;
import io.tagstream.model.store.AtomicFiles;
import io.tagstream.model.store.RegularFile;
import io.tagstream.model.store.StoreJson;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The runs on a training store, in its folder {@code runs}: {@code VERSION.json} begins a run,
 * {@code VERSION.outcome.json} ends it, {@code VERSION.attempt-N} records the Nth attempt, {@code
 * VERSION.unread} records that the run will train on none of the files that it names. Each is
 * written once, by create-if-absent, so a crash at any moment leaves no duplicate and no partial
 * run. When the files of old runs are deleted, {@code read.json} keeps which parts they read.
 * Thread-safe.
 */
public final class RetrainRuns {
  static final String FOLDER = "runs";
  private static final String MANIFEST = ".json";
  private static final String OUTCOME = ".outcome.json";
  private static final String ATTEMPT = ".attempt-";
  private static final String UNREAD = ".unread";

  /** The content of a file whose name carries the whole information. */
  private static final byte[] NOTE = "\n".getBytes(StandardCharsets.UTF_8);

  /** The largest file in bytes: a manifest names every file of the store with its parts. */
  private static final int LONGEST = 64 << 20;

  /** The name of the file {@code read.json}, which is not a valid version. */
  private static final String READ = "read";

  /** Requests expire after a day; until then the manifests that name them must exist. */
  private static final Duration KEPT = Duration.ofDays(2);

  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  private final Path folder;

  /**
   * The parts that the {@link #known} runs read; cached, because manifests are long and never
   * change.
   */
  private final Set<String> parts = new HashSet<>();

  private final Set<String> known = new HashSet<>();
  private boolean readEarlier;

  /**
   * {@code read.json}.
   *
   * @param parts the parts read by runs whose manifests were deleted
   */
  // An empty list too: a reader rejects a missing one.
  @JsonInclude(JsonInclude.Include.ALWAYS)
  record Read(List<String> parts) {
    Read {
      parts = List.copyOf(parts);
    }
  }

  RetrainRuns(Path store) {
    folder = store.resolve(FOLDER);
  }

  /**
   * Begins a run by writing its manifest.
   *
   * @return false if the run had begun already; its manifest is unchanged
   */
  public boolean begin(RunManifest manifest) {
    return create(path(manifest.run().version(), MANIFEST), StoreJson.write(manifest));
  }

  /**
   * Ends a run; from then on its files may be merged and deleted.
   *
   * @return false if it had ended already; its outcome is unchanged
   */
  public boolean end(RunOutcome outcome) {
    return create(path(outcome.version(), OUTCOME), StoreJson.write(outcome));
  }

  /** The versions of all runs with a manifest, oldest first, because versions sort by time. */
  public List<String> versions() {
    return versions(names());
  }

  /** The run that trained or will train a version; empty if no run on this store does. */
  public Optional<RunManifest> find(String version) {
    if (!isVersion(version)) {
      return Optional.empty();
    }
    Path path = path(version, MANIFEST);
    return Files.exists(path) ? Optional.of(manifest(version)) : Optional.empty();
  }

  /** The runs without an outcome, oldest first: in progress, or to be resumed. */
  public List<RunManifest> unfinished() {
    List<String> names = names();
    Set<String> all = Set.copyOf(names);
    return versions(names).stream()
        .filter(version -> !all.contains(version + OUTCOME))
        .map(this::manifest)
        .toList();
  }

  /** Whether a run has its outcome. */
  public boolean ended(String version) {
    return Files.exists(path(version, OUTCOME));
  }

  /**
   * Makes the parts that a run names count as unread, unless another run read them: the run will
   * not train on them.
   */
  public synchronized void markUnread(String version) {
    boolean unused = create(path(version, UNREAD), NOTE);
    // Another run may have read some of the parts, so they are collected again.
    parts.clear();
    known.clear();
    readEarlier = false;
  }

  /** All parts that any run reads or has read. */
  public synchronized Set<String> parts() {
    if (!readEarlier) {
      parts.addAll(earlierParts());
      readEarlier = true;
    }
    List<String> names = names();
    Set<String> all = Set.copyOf(names);
    for (String version : versions(names)) {
      if (!known.contains(version) && !all.contains(version + UNREAD)) {
        parts.addAll(manifest(version).parts());
        known.add(version);
      }
    }
    return Set.copyOf(parts);
  }

  /**
   * Deletes the files of ended runs, except the newest ones, those of the last two days and those
   * of wanted versions. The parts that they read are recorded first, and a manifest is deleted
   * before its outcome, so a crash never makes an ended run look unfinished.
   *
   * @param newest the number of newest runs that stay
   * @param wanted versions whose runs stay
   * @param gone selects parts that no file contains any more
   */
  synchronized void deleteOld(int newest, Set<String> wanted, Instant now, Predicate<String> gone) {
    List<String> names = names();
    List<String> versions = versions(names);
    Set<String> all = Set.copyOf(names);
    List<RunManifest> old =
        versions.subList(0, Math.max(0, versions.size() - newest)).stream()
            .filter(version -> all.contains(version + OUTCOME) && !wanted.contains(version))
            .map(this::manifest)
            .filter(manifest -> manifest.run().started().plus(KEPT).isBefore(now))
            .toList();
    List<String> forgotten = old.stream().map(manifest -> manifest.run().version()).toList();
    parts.removeIf(gone);
    if (!old.isEmpty()) {
      Set<String> read = new TreeSet<>(earlierParts());
      old.stream()
          .filter(manifest -> !all.contains(manifest.run().version() + UNREAD))
          .forEach(manifest -> read.addAll(manifest.parts()));
      read.removeIf(gone);
      Path path = folder.resolve(READ + MANIFEST);
      try {
        AtomicFiles.replace(path, StoreJson.write(new Read(List.copyOf(read))));
      } catch (IOException e) {
        throw new UserException("cannot write " + path + ": " + e, e);
      }
      forgotten.forEach(version -> delete(version + MANIFEST));
      known.removeAll(forgotten);
    }
    // Also files that an earlier, interrupted deletion left.
    Set<String> left = new HashSet<>(versions);
    left.removeAll(forgotten);
    names.stream()
        .filter(name -> note(name).map(version -> !left.contains(version)).orElse(false))
        .forEach(this::delete);
  }

  /** The version to which an outcome, an attempt or another note belongs; empty for other files. */
  private static Optional<String> note(String name) {
    for (String suffix : List.of(OUTCOME, UNREAD)) {
      if (name.endsWith(suffix)) {
        return Optional.of(name.substring(0, name.length() - suffix.length()));
      }
    }
    int end = name.lastIndexOf(ATTEMPT);
    return end < 0 ? Optional.empty() : Optional.of(name.substring(0, end));
  }

  private Set<String> earlierParts() {
    Path path = folder.resolve(READ + MANIFEST);
    return Files.exists(path) ? Set.copyOf(read(path, Read.class).parts()) : Set.of();
  }

  private RunManifest manifest(String version) {
    Path path = path(version, MANIFEST);
    RunManifest manifest = read(path, RunManifest.class);
    String named = manifest.run().version();
    if (!named.equals(version)) {
      throw new UserException(
          "cannot use %s: it is the manifest of version '%s', and must be named after it"
              .formatted(path, named));
    }
    return manifest;
  }

  /**
   * Records that another attempt of a run begins.
   *
   * @return the number of attempts, including this one
   */
  public int attempt(String version) {
    for (int attempt = 1; ; attempt++) {
      if (create(attemptPath(version, attempt), NOTE)) {
        return attempt;
      }
    }
  }

  /** Deletes the record of an attempt that was cancelled and did not fail. */
  public void cancelled(String version, int attempt) {
    delete(attemptPath(version, attempt).getFileName().toString());
  }

  private void delete(String name) {
    try {
      Files.deleteIfExists(folder.resolve(name));
    } catch (IOException e) {
      throw new UserException("cannot write in " + folder + ": " + e, e);
    }
  }

  private Path attemptPath(String version, int attempt) {
    return path(version, ATTEMPT + attempt);
  }

  private Path path(String version, String suffix) {
    if (!isVersion(version)) {
      throw new IllegalArgumentException("'%s' is not a valid version".formatted(version));
    }
    return folder.resolve(version + suffix);
  }

  private static boolean isVersion(String name) {
    return VERSION.matcher(name).matches()
        && !name.equals(READ)
        && !(name + MANIFEST).endsWith(OUTCOME);
  }

  private boolean create(Path path, byte[] content) {
    try {
      Files.createDirectories(folder);
      AtomicFiles.create(path, content);
      return true;
    } catch (FileAlreadyExistsException before) {
      return false;
    } catch (IOException e) {
      throw new UserException("cannot write " + path + ": " + e, e);
    }
  }

  private static <T> T read(Path path, Class<T> type) {
    try {
      return StoreJson.read(RegularFile.read(path, LONGEST), type);
    } catch (ModelException e) {
      throw new UserException(e.getMessage(), e);
    } catch (JsonProcessingException e) {
      throw new UserException("cannot use %s: %s".formatted(path, StoreJson.cause(e)), e);
    } catch (IOException e) {
      throw new UserException("cannot read " + path + ": " + e, e);
    }
  }

  private static List<String> versions(List<String> names) {
    return names.stream()
        .filter(name -> name.endsWith(MANIFEST) && !name.endsWith(OUTCOME))
        .filter(name -> !name.equals(READ + MANIFEST))
        .map(name -> name.substring(0, name.length() - MANIFEST.length()))
        // Other files do not belong to a run.
        .filter(RetrainRuns::isVersion)
        .toList();
  }

  private List<String> names() {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UserException("cannot list " + folder + ": " + e, e);
    }
  }
}
