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
 * MODELS/live}. It holds no state of its own: several processes may use one folder. Everything goes
 * through {@link java.nio.file}, so an object store is a file-system provider.
 *
 * <p>A bundle exists when its {@code model.json} does, which is written last; from then on it never
 * changes until it is deleted. A folder without one is unfinished, and no version.
 */
public final class ModelStore {
  /** Nothing that could lead out of the folder. */
  private static final Pattern VERSION = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,99}");

  /** Begins the name of a folder that is being written; no version's name does. */
  private static final String STAGED = ".";

  /** A deletion takes milliseconds; what a crash left is not waited for longer than a second. */
  private static final Duration HIDDEN_WAIT = Duration.ofMillis(10);

  private static final int HIDDEN_WAITS = 100;

  private static final int LONGEST_ACCURACY = 16 << 20;

  private final Path root;
  private final ServingCheck check;
  private final Clock clock;
  private final LiveVersion live;
  private final Pins pins;
  private final DiskReserve reserve;

  /** A store that asks of a model what can be seen in its files. */
  public ModelStore(Path root) {
    this(root, bundle -> {});
  }

  /**
   * A store that asks more.
   *
   * @param check of what is written, and of what goes live
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
   * The same store, whose pins are a job's, which drops those of its dead processes at its start.
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

  /** The versions there are, oldest first; none when the folder is missing. Instant. */
  public List<String> versions() {
    return names(root).stream()
        .filter(ModelStore::isVersionName)
        .filter(name -> bundle(name).exists())
        .toList();
  }

  /**
   * What a version's {@code model.json} says, without a look at its other files. Instant.
   *
   * @throws ModelException when there is no such version, or its {@code model.json} is damaged
   */
  public ModelMetadata metadata(String version) {
    try {
      ModelMetadata metadata = readMetadata(bundle(version));
      if (!metadata.version().equals(version)) {
        throw new ModelException(
            "%s holds version %s: a bundle's folder has its version's name"
                .formatted(root.resolve(version), metadata.version()));
      }
      return metadata;
    } catch (NoSuchFileException missing) {
      throw new ModelException(
          versions().isEmpty()
              ? noModel()
              : "no version %s in %s: ./tagstream model list --models %s shows what there is"
                  .formatted(version, root, root),
          missing);
    } catch (IOException e) {
      throw new ModelException("cannot read " + root.resolve(version) + ": " + e, e);
    }
  }

  /**
   * Whoever deletes takes a version's file away, looks who needs it, and may put it back: that is
   * waited for.
   */
  private static ModelMetadata readMetadata(BundleFolder bundle) throws IOException {
    for (int wait = 0; wait < HIDDEN_WAITS; wait++) {
      try {
        return bundle.metadata();
      } catch (NoSuchFileException missing) {
        // It may be put back and taken away again between the looks.
        if (!bundle.isHidden() && !bundle.exists() && !bundle.isHidden()) {
          throw missing;
        }
        LockSupport.parkNanos(HIDDEN_WAIT.toNanos());
      }
    }
    return bundle.metadata();
  }

  /**
   * A version's labels in class order, as its file has them. Instant; only {@link #open} verifies.
   *
   * @throws ModelException when the file cannot be read
   */
  public List<String> labels(String version) {
    return bundle(version).labels();
  }

  /**
   * Looks at what can be told of a version at once: its {@code model.json}, its files' sizes, its
   * labels. Instant; only {@link #open} verifies.
   *
   * @throws ModelException with file and cause when something is wrong with it
   */
  public void look(String version) {
    bundle(version).look(metadata(version));
  }

  /**
   * Opens a version and verifies all of it: the files' SHA-256, as many labels as classes, a graph
   * that is the described network, finite weights. Reads the whole bundle.
   *
   * @throws ModelException with file and cause when there is no such version or something is wrong
   *     with it
   */
  public ModelBundle open(String version) {
    return open(version, Throttle.none());
  }

  /**
   * {@link #open(String)} beside something that should not feel it.
   *
   * @param throttle asked for pauses while it reads
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
          "version %s in %s was deleted while it was read: models.keep bounds what is kept"
              .formatted(version, root),
          e);
    }
  }

  /** {@link #open} of {@link #live}. */
  public ModelBundle openLive() {
    return open(live());
  }

  /**
   * The live version's name, read anew.
   *
   * @throws ModelException when none is live; it says how to get one
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
   * @throws ModelException when a weight is not finite, the model does not pass the check or the
   *     disk refuses; then nothing is left of it
   */
  public ModelBundle write(ModelDraft draft) {
    return write(newVersion(), draft);
  }

  /**
   * Adds a model under a name that {@link #newVersion} gave before, so that a publication that
   * crashed can be made again: where the version is whole already, it is returned as it is.
   *
   * @throws ModelException when a weight is not finite, the model does not pass the check or the
   *     disk refuses; then nothing is left of it
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

  /** The weights: what else is in a bundle is small beside the reserve. */
  private static long bytes(ModelDraft draft) {
    Weights weights = draft.weights();
    return weights.network().parameterCount()
        * (weights.quantization().isPresent() ? Byte.BYTES : Float.BYTES);
  }

  /** Whether the version is there now by this, and not by another writer who was faster. */
  private boolean publish(String version, ModelDraft draft) throws IOException {
    Path folder = root.resolve(version);
    // Renaming a folder is one step on a disk; an object store has no folders to rename.
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

  /** The disk is full, most likely; half a model must not keep it so. */
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
      // What a crash left there, if that was it.
      target.delete();
      Files.move(staged, folder, StandardCopyOption.ATOMIC_MOVE);
    }
    return true;
  }

  /**
   * Makes a version live.
   *
   * @param by who wants it
   * @throws ModelException when it does not exist, verify or pass the check; the live one stays
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
   * Makes a version live in place of another one.
   *
   * @param by who wants it
   * @param instead the version that is to be live until then
   * @return whether it was; else nothing has changed
   * @throws ModelException as {@link #promote(String, String)}
   */
  public boolean promote(String version, String by, String instead) {
    return onceVerified(version, () -> live.set(LiveChange.Action.PROMOTED, version, by, instead));
  }

  private boolean onceVerified(String version, BooleanSupplier change) {
    // First, so that it is not deleted between the two.
    Pin pin = pins.pin(version + "-" + UUID.randomUUID(), Set.of(version));
    try {
      check.check(open(version));
      return change.getAsBoolean();
    } finally {
      pin.close();
    }
  }

  /**
   * Makes the version live again that was live before the present one; a second call goes back one
   * further.
   *
   * @param by who wants it
   * @return the version that is live now
   * @throws ModelException when none was live before, or it does not verify or pass the check; the
   *     live one stays
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
    return before(present)
        .orElseThrow(
            () ->
                new ModelException(
                    "no version was live before %s: name one, ./tagstream model promote V --models %s"
                        .formatted(present, root)));
  }

  /** The version that was live before one, to which a rollback goes back from it. */
  public Optional<String> before(String version) {
    return live.before(version);
  }

  /**
   * The change that made the live version live; empty when the history does not say, since a crash
   * came between the two.
   */
  public Optional<LiveChange> lastChange() {
    return live.last().filter(change -> live.read().equals(Optional.of(change.version())));
  }

  /** All changes of the live version, oldest first. */
  public List<LiveChange> history() {
    return live.changes();
  }

  /**
   * Copies a version's folder, verified, to one that is new or empty. As in a store, the copy is
   * whole when its {@code model.json} is there.
   *
   * @throws ModelException when the version does not verify, the target holds something, or the
   *     disk refuses
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

  /** The versions in use, by whom it may be. */
  public Pins pins() {
    return pins;
  }

  /**
   * Deletes the versions beyond the kept ones. Kept are the live one, the newest candidate (never
   * live, or later than the live one), and for the rest those that were live before, latest first;
   * and in any case what is pinned, what a training of {@code MODELS/runs} has written, and what
   * somebody named by hand. Unfinished folders and staged files older than a day go, too. Call it
   * after a version was written and, if it was to be, promoted.
   *
   * @param keep 2 or more
   * @return the versions deleted, oldest first
   * @throws ModelException when the disk refuses, or what is needed cannot be told
   */
  public List<String> prune(int keep) {
    if (keep < 2) {
      throw new IllegalArgumentException("the live one and a candidate are kept, not " + keep);
    }
    try {
      return new Retention(root, clock, live, pins).prune(keep);
    } catch (IOException e) {
      throw new ModelException("cannot delete old versions in " + root + ": " + e, e);
    }
  }

  /**
   * How the versions did on the stream, as the job that serves them last said.
   *
   * @throws ModelException when the file is damaged
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
   * Says how the versions did on the stream, in place of what was said before.
   *
   * @throws ModelException when the disk refuses
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

  /** A name later than every one in the store, unfinished ones and those of trainings too. */
  public String newVersion() {
    return TimeSortedName.next(clock, Stream.concat(names(root).stream(), runs(root).stream()));
  }

  /** The versions whose training has not ended: {@code MODELS/runs/VERSION} is there. */
  static List<String> runs(Path root) {
    return names(root.resolve(RunFolder.RUNS));
  }

  /** Whether it is the name of a folder that is to become a version's. */
  static boolean isStaged(String name) {
    return name.startsWith(STAGED) && TimeSortedName.is(name.substring(STAGED.length()));
  }

  private BundleFolder bundle(String version) {
    if (!isVersionName(version)) {
      throw new ModelException("'%s' is no version's name".formatted(version));
    }
    return new BundleFolder(root.resolve(version));
  }

  /** What lies in a folder, sorted; nothing when it is missing. */
  static List<String> names(Path folder) {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          // An object store's provider ends a folder's name with a slash.
          .map(entry -> entry.getFileName().toString().replace("/", ""))
          .sorted()
          .toList();
    } catch (NotDirectoryException e) {
      throw new ModelException(folder + " is no folder", e);
    } catch (IOException e) {
      throw new ModelException("cannot list " + folder + ": " + e, e);
    }
  }
}
