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
 * {@code VERSION.outcome.json} ends it, {@code VERSION.attempt-N} notes that it is tried for the
 * Nth time, {@code VERSION.unread} that it will learn from nothing that it names. Each is made
 * once, by create-if-absent, so that a crash at any moment leaves no run twice and none by half.
 * What old runs read is in {@code read.json} when their files are deleted. Any number of threads
 * may use one.
 */
public final class RetrainRuns {
  static final String FOLDER = "runs";
  private static final String MANIFEST = ".json";
  private static final String OUTCOME = ".outcome.json";
  private static final String ATTEMPT = ".attempt-";
  private static final String UNREAD = ".unread";

  /** What a file holds whose name says all. */
  private static final byte[] NOTE = "\n".getBytes(StandardCharsets.UTF_8);

  /** A manifest names every file of the store, and each by its parts. */
  private static final int LONGEST = 64 << 20;

  /** No version's name. */
  private static final String READ = "read";

  /** Requests are answered for a day, and known by the manifests that name them. */
  private static final Duration KEPT = Duration.ofDays(2);

  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  private final Path folder;

  /** The parts that the {@link #known} runs read: manifests are long, and never change. */
  private final Set<String> parts = new HashSet<>();

  private final Set<String> known = new HashSet<>();
  private boolean readEarlier;

  /**
   * {@code read.json}.
   *
   * @param parts those of runs whose manifests are gone
   */
  // Without elements too: a reader takes a missing list for a mistake.
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
   * Begins a run: its manifest is there from now on, whatever happens.
   *
   * @return false when the run had begun before; its manifest stays as it was
   */
  public boolean begin(RunManifest manifest) {
    return create(path(manifest.run().version(), MANIFEST), StoreJson.write(manifest));
  }

  /**
   * Ends a run, so that its files may be merged and deleted.
   *
   * @return false when it had ended before; its outcome stays as it was
   */
  public boolean end(RunOutcome outcome) {
    return create(path(outcome.version(), OUTCOME), StoreJson.write(outcome));
  }

  /** The versions of the runs there are manifests of, oldest first, since they sort by time. */
  public List<String> versions() {
    return versions(names());
  }

  /** The run that made a version, or is to; empty where no run of this store did. */
  public Optional<RunManifest> find(String version) {
    if (!isVersion(version)) {
      return Optional.empty();
    }
    Path path = path(version, MANIFEST);
    return Files.exists(path) ? Optional.of(manifest(version)) : Optional.empty();
  }

  /** Runs without an outcome, oldest first: they go on, or are to be gone on with. */
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
   * Lets what a run names count as read by none, unless another one read it: the run will learn
   * nothing from it.
   */
  public synchronized void markUnread(String version) {
    boolean unused = create(path(version, UNREAD), NOTE);
    // Another run may have read some of it.
    parts.clear();
    known.clear();
    readEarlier = false;
  }

  /** Every part that some run reads, or read. */
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
   * Deletes the files of ended runs, but for the newest ones, those of the last days and those that
   * are asked for. That their parts were read stays known: it is written down first, and a manifest
   * goes before the outcome that says it has ended.
   *
   * @param newest how many stay at least
   * @param wanted versions whose runs stay
   * @param gone parts that no file holds, nor will
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
    // Also what an earlier one, which was broken off, did not come to.
    Set<String> left = new HashSet<>(versions);
    left.removeAll(forgotten);
    names.stream()
        .filter(name -> note(name).map(version -> !left.contains(version)).orElse(false))
        .forEach(this::delete);
  }

  /** The version whose outcome, attempt or other note a file is. */
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
          "cannot use %s: it is of version '%s', and a manifest has its version's name"
              .formatted(path, named));
    }
    return manifest;
  }

  /**
   * Notes that a run is tried once more.
   *
   * @return how often it was, this time included
   */
  public int attempt(String version) {
    for (int attempt = 1; ; attempt++) {
      if (create(attemptPath(version, attempt), NOTE)) {
        return attempt;
      }
    }
  }

  /** Takes back the note of an attempt, which was broken off and did not fail. */
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
      throw new IllegalArgumentException("'%s' is no version's name".formatted(version));
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
        // What else lies there is nobody's run.
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
