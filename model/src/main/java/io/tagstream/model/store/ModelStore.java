package io.tagstream.model.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.network.Weights;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A folder of model bundles, {@code MODELS/VERSION/}, and the name of the live one, {@code
 * MODELS/live}. This class holds no state, so several processes may use one folder. All access goes
 * through {@link java.nio.file}, so an object store is a file-system provider.
 *
 * <p>A bundle exists when its {@code model.json} exists, which is written last; from then on it
 * never changes until it is deleted. A folder without that file is unfinished and not a version.
 */
public final class ModelStore {
  /** No name that could lead out of the folder. */
  private static final Pattern VERSION = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,99}");

  /** The prefix of a folder that is being written; no version's name begins with it. */
  private static final String STAGED = ".";

  /**
   * A deletion takes milliseconds. The total wait is one second, in case a crash left the bundle
   * hidden.
   */
  private static final Duration HIDDEN_WAIT = Duration.ofMillis(10);

  private static final int HIDDEN_WAITS = 100;

  private static final int LONGEST_ACCURACY = 16 << 20;

  private final Path root;
  private final ServingCheck check;
  private final Clock clock;
  private final LiveVersion live;
  private final Pins pins;
  private final DiskReserve reserve;

  /** A store that accepts any model whose files are valid. */
  public ModelStore(Path root) {
    this(root, bundle -> {});
  }

  /**
   * A store with an additional check.
   *
   * @param check applied to each model that is written or made live
   */
  public ModelStore(Path root, ServingCheck check) {
    this(root, check, Clock.systemUTC());
  }

  ModelStore(Path root, ServingCheck check, Clock clock) {
    this(root, check, clock, DiskReserve.of(root));
  }

  ModelStore(Path root, ServingCheck check, Clock clock, DiskReserve reserve) {
    this(root, check, clock, reserve, new Pins(root, clock));
  }

  private ModelStore(Path root, ServingCheck check, Clock clock, DiskReserve reserve, Pins pins) {
    this.reserve = reserve;
    this.root = root;
    this.check = check;
    this.clock = clock;
    this.live = new LiveVersion(root, clock);
    this.pins = pins;
  }

  /**
   * The same store, with pins that belong to a job; at its start the job deletes the pins that its
   * dead processes left.
   */
  public ModelStore usedBy(String job) {
    return new ModelStore(root, check, clock, reserve, new Pins(root, clock, Optional.of(job)));
  }

  public Path root() {
    return root;
  }

  DiskReserve reserve() {
    return reserve;
  }

  Instant now() {
    return clock.instant();
  }

  /** All versions, oldest first; none if the folder is missing. Reads only file names. */
  public List<String> versions() {
    return names(root).stream()
        .filter(ModelStore::isVersionName)
        .filter(name -> bundle(name).exists())
        .toList();
  }

  /**
   * Reads a version's {@code model.json}, and none of its other files.
   *
   * @throws ModelException if there is no such version, or its {@code model.json} is damaged
   */
  public ModelMetadata metadata(String version) {
    try {
      ModelMetadata metadata = readMetadata(bundle(version));
      if (!metadata.version().equals(version)) {
        throw new ModelException(
            "%s holds version %s: a bundle's folder must have its version's name"
                .formatted(root.resolve(version), metadata.version()));
      }
      return metadata;
    } catch (NoSuchFileException missing) {
      throw new ModelException(
          versions().isEmpty()
              ? noModel()
              : "no version %s in %s: ./tagstream model list --models %s lists the versions"
                  .formatted(version, root, root),
          missing);
    } catch (IOException e) {
      throw new ModelException("cannot read " + root.resolve(version) + ": " + e, e);
    }
  }

  /**
   * A deletion first hides a version's {@code model.json}, then checks whether the version is
   * needed, and may restore the file. A reader waits for that.
   */
  private static ModelMetadata readMetadata(BundleFolder bundle) throws IOException {
    for (int wait = 0; wait < HIDDEN_WAITS; wait++) {
      try {
        return bundle.metadata();
      } catch (NoSuchFileException missing) {
        // The file may be restored and hidden again between these checks.
        if (!bundle.isHidden() && !bundle.exists() && !bundle.isHidden()) {
          throw missing;
        }
        LockSupport.parkNanos(HIDDEN_WAIT.toNanos());
      }
    }
    return bundle.metadata();
  }

  /**
   * Reads a version's labels in class order. Does not verify the bundle; {@link #open} does.
   *
   * @throws ModelException if the file cannot be read
   */
  public List<String> labels(String version) {
    return bundle(version).labels();
  }

  /**
   * Checks a version's {@code model.json}, the sizes of its files and its labels, without reading
   * the weights. Only {@link #open} verifies all.
   *
   * @throws ModelException naming the file and the cause
   */
  public void checkFiles(String version) {
    bundle(version).checkFiles(metadata(version));
  }

  /**
   * Opens a version and verifies all of it: the SHA-256 of each file, one label per class, a graph
   * that equals the described network, finite weights. Reads the whole bundle.
   *
   * @throws ModelException if there is no such version or it is invalid, naming the file and the
   *     cause
   */
  public ModelBundle open(String version) {
    return open(version, Throttle.none());
  }

  /**
   * As {@link #open(String)}, throttled for loading concurrently with serving.
   *
   * @param throttle pauses the reading
   */
  public ModelBundle open(String version, Throttle throttle) {
    return verify(version, metadata(version), throttle);
  }

  ModelBundle verify(String version, ModelMetadata metadata, Throttle throttle) {
    try {
      return bundle(version).verify(metadata, throttle);
    } catch (ModelException e) {
      if (bundle(version).exists()) {
        throw e;
      }
      throw new ModelException(
          "version %s in %s was deleted while it was read: models.keep limits the versions that are kept"
              .formatted(version, root),
          e);
    }
  }

  /** {@link #open} of {@link #live}. */
  public ModelBundle openLive() {
    return open(live());
  }

  /**
   * Reads the live version's name from the folder at each call.
   *
   * @throws ModelException if none is live; the message names the command that makes one live
   */
  public String live() {
    return live.read()
        .orElseThrow(
            () -> {
              List<String> versions = versions();
              return new ModelException(
                  versions.isEmpty()
                      ? noModel()
                      : "no version in %s is live: ./tagstream model promote %s --models %s"
                          .formatted(root, versions.get(versions.size() - 1), root));
            });
  }

  private String noModel() {
    return ("no model in %s: train one (./tagstream train --images DIR --models %s)"
            + " or import one (./tagstream model import FILE --models %s)")
        .formatted(root, root, root);
  }

  /**
   * Adds a model. The first in a store becomes live, a later one is a candidate until it is
   * promoted.
   *
   * @throws ModelException if a weight is not finite, the model does not pass the check or the file
   *     system fails; no files are left behind
   */
  public ModelBundle write(ModelDraft draft) {
    return write(newVersion(), draft);
  }

  /**
   * Adds a model under a name that {@link #newVersion} returned before. This makes publication
   * idempotent after a crash: a version that is complete already is returned unchanged.
   *
   * @throws ModelException if a weight is not finite, the model does not pass the check or the file
   *     system fails; no files are left behind
   */
  public ModelBundle write(String version, ModelDraft draft) {
    BundleFolder target = bundle(version);
    boolean isNew = false;
    if (!target.exists()) {
      BundleFolder.requireFinite(draft.weights(), "the new model", Throttle.none());
      try {
        Files.createDirectories(root);
        reserve.require(root.resolve(version), bytes(draft));
        isNew = publish(version, draft);
      } catch (IOException e) {
        throw new ModelException("cannot write " + root.resolve(version) + ": " + e, e);
      }
    }
    try {
      live.setIfNone(version, "the store");
    } catch (IOException e) {
      throw new ModelException("cannot make " + version + " live: " + e, e);
    }
    return isNew ? draft.at(version, root.resolve(version)) : open(version);
  }

  /** The size of the weights; a bundle's other files are small compared with the reserve. */
  private static long bytes(ModelDraft draft) {
    Weights weights = draft.weights();
    return weights.network().parameterCount()
        * (weights.quantization().isPresent() ? Byte.BYTES : Float.BYTES);
  }

  /** Writes the version; returns false if another writer was faster. */
  private boolean publish(String version, ModelDraft draft) throws IOException {
    Path folder = root.resolve(version);
    // Renaming a folder is atomic on a disk; an object store has no folders to rename.
    boolean renames = root.getFileSystem().equals(FileSystems.getDefault());
    Path written = renames ? root.resolve(STAGED + version + "." + UUID.randomUUID()) : folder;
    BundleFolder bundle = new BundleFolder(written);
    if (!renames) {
      bundle.delete();
    }
    try {
      Files.createDirectory(written);
      bundle.write(version, draft);
      check.check(draft.at(version, written));
      return !renames || rename(written, folder);
    } catch (IOException | RuntimeException e) {
      discard(bundle, e);
      throw e;
    }
  }

  /** Deletes a partial bundle: most likely the disk is full. */
  private static void discard(BundleFolder bundle, Exception failure) {
    try {
      bundle.delete();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static boolean rename(Path staged, Path folder) throws IOException {
    BundleFolder target = new BundleFolder(folder);
    try {
      Files.move(staged, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException occupied) {
      if (target.exists()) {
        new BundleFolder(staged).delete();
        return false;
      }
      // The folder is the rest of a crashed write.
      target.delete();
      Files.move(staged, folder, StandardCopyOption.ATOMIC_MOVE);
    }
    return true;
  }

  /**
   * Makes a version live.
   *
   * @param by who promotes it, for the history
   * @throws ModelException if the version does not exist, is invalid or does not pass the check;
   *     the live version stays
   */
  public void promote(String version, String by) {
    boolean unused =
        onceVerified(
            version,
            () -> {
              live.set(LiveChange.Action.PROMOTED, version, by);
              return true;
            });
  }

  /**
   * Makes a version live if the live version is the expected one.
   *
   * @param by who promotes it, for the history
   * @param instead the version that must be live
   * @return whether it was live; if not, nothing has changed
   * @throws ModelException as {@link #promote(String, String)}
   */
  public boolean promote(String version, String by, String instead) {
    return onceVerified(version, () -> live.set(LiveChange.Action.PROMOTED, version, by, instead));
  }

  private boolean onceVerified(String version, BooleanSupplier change) {
    // Pin it first, so that it is not deleted between the verification and the change.
    Pin pin = pins.pin(version + "-" + UUID.randomUUID(), Set.of(version));
    try {
      check.check(open(version));
      return change.getAsBoolean();
    } finally {
      pin.close();
    }
  }

  /**
   * Makes the previous live version live again; a second call goes back one further.
   *
   * @param by who rolls back, for the history
   * @return the version that is live now
   * @throws ModelException if no version was live before, or it is invalid or does not pass the
   *     check; the live version stays
   */
  public String rollback(String by) {
    while (true) {
      String present = live();
      String previous = requireBefore(present);
      if (onceVerified(
          previous, () -> live.set(LiveChange.Action.ROLLED_BACK, previous, by, present))) {
        return previous;
      }
    }
  }

  private String requireBefore(String present) {
    return predecessor(present)
        .orElseThrow(
            () ->
                new ModelException(
                    "no version was live before %s: choose one with ./tagstream model promote V --models %s"
                        .formatted(present, root)));
  }

  /** The version that a rollback makes live when {@code version} is live. */
  public Optional<String> predecessor(String version) {
    return live.predecessor(version);
  }

  /** The change that made the live version live; empty if a crash left none in the history. */
  public Optional<LiveChange> lastChange() {
    return live.last().filter(change -> live.read().equals(Optional.of(change.version())));
  }

  /** All changes of the live version, oldest first. */
  public List<LiveChange> history() {
    return live.changes();
  }

  /**
   * Verifies a version and copies its folder to a new or empty folder. As in a store, the copy is
   * complete when its {@code model.json} exists.
   *
   * @throws ModelException if the version is invalid, the target is not empty, or the file system
   *     fails
   */
  public void export(String version, Path target) {
    open(version);
    try {
      Files.createDirectories(target);
      try (Stream<Path> entries = Files.list(target)) {
        if (entries.findAny().isPresent()) {
          throw new ModelException(target + " is not empty: export into a new or empty folder");
        }
      }
      bundle(version).copyTo(target, metadata(version));
    } catch (IOException e) {
      throw new ModelException("cannot export to " + target + ": " + e, e);
    }
  }

  /** The versions that any process uses. */
  public Pins pins() {
    return pins;
  }

  /**
   * Deletes all versions except the kept ones. {@code keep} counts the live version, the newest
   * candidate (never live, or later than the live one) and, for the rest, those that were live
   * before, latest first. Versions that are pinned, that a training in {@code MODELS/runs} has
   * written, or whose folder was named by hand are always kept. Also deletes unfinished folders and
   * staged files older than a day. Call it after a version was written and, if it qualifies,
   * promoted.
   *
   * @param keep 2 or more
   * @return the deleted versions, oldest first
   * @throws ModelException if the file system fails, or it cannot be determined which versions are
   *     needed
   */
  public List<String> prune(int keep) {
    if (keep < 2) {
      throw new IllegalArgumentException(
          "at least 2 versions are kept, the live one and a candidate, not " + keep);
    }
    try {
      return new Retention(root, clock, live, pins).prune(keep);
    } catch (IOException e) {
      throw new ModelException("cannot delete old versions in " + root + ": " + e, e);
    }
  }

  /**
   * Reads the live accuracy of the versions, as last written by the serving job.
   *
   * @throws ModelException if the file is damaged
   */
  public LiveAccuracyRecord liveAccuracy() {
    Path file = liveAccuracyFile();
    try {
      return StoreJson.read(RegularFile.read(file, LONGEST_ACCURACY), LiveAccuracyRecord.class);
    } catch (NoSuchFileException nothingCounted) {
      return LiveAccuracyRecord.NONE;
    } catch (JsonProcessingException e) {
      throw new ModelException("cannot use %s: %s".formatted(file, StoreJson.cause(e)), e);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  /**
   * Replaces the record of the live accuracy.
   *
   * @throws ModelException if the file system fails
   */
  public void write(LiveAccuracyRecord record) {
    try {
      AtomicFiles.replace(liveAccuracyFile(), StoreJson.write(record));
    } catch (IOException e) {
      throw new ModelException("cannot write " + liveAccuracyFile() + ": " + e, e);
    }
  }

  private Path liveAccuracyFile() {
    return root.resolve("live-accuracy.json");
  }

  static boolean isVersionName(String name) {
    return VERSION.matcher(name).matches();
  }

  /**
   * A new version name that sorts after all names in the store, including unfinished ones and those
   * of trainings.
   */
  public String newVersion() {
    return TimeSortedName.next(clock, Stream.concat(names(root).stream(), runs(root).stream()));
  }

  /** The versions whose training has not ended: {@code MODELS/runs/VERSION} exists. */
  static List<String> runs(Path root) {
    return names(root.resolve(RunFolder.RUNS));
  }

  /** Whether a folder with that name is being written and not yet a version. */
  static boolean isStaged(String name) {
    return name.startsWith(STAGED) && TimeSortedName.is(name.substring(STAGED.length()));
  }

  private BundleFolder bundle(String version) {
    if (!isVersionName(version)) {
      throw new ModelException("'%s' is not a version's name".formatted(version));
    }
    return new BundleFolder(root.resolve(version));
  }

  /** The names of a folder's entries, sorted; none if the folder is missing. */
  static List<String> names(Path folder) {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          // The provider of an object store appends a slash to a folder's name.
          .map(entry -> entry.getFileName().toString().replace("/", ""))
          .sorted()
          .toList();
    } catch (NotDirectoryException e) {
      throw new ModelException(folder + " is not a folder", e);
    } catch (IOException e) {
      throw new ModelException("cannot list " + folder + ": " + e, e);
    }
  }
}
