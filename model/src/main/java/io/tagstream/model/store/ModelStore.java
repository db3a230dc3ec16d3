package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A folder of model bundles, {@code MODELS/VERSION/}, and the name of the live one, {@code
 * MODELS/live}. It holds no state of its own: several processes may use one folder. Everything goes
 * through {@link java.nio.file}, so an object store is a file-system provider.
 *
 * <p>A bundle exists when its {@code model.json} does, which is written last; from then on it never
 * changes. A folder without one is unfinished, and no version.
 */
public final class ModelStore {
  /** Nothing that could lead out of the folder. */
  private static final Pattern VERSION = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,99}");

  private final Path root;
  private final Clock clock;
  private final LiveVersion live;

  public ModelStore(Path root) {
    this(root, Clock.systemUTC());
  }

  ModelStore(Path root, Clock clock) {
    this.root = root;
    this.clock = clock;
    this.live = new LiveVersion(root, clock);
  }

  public Path root() {
    return root;
  }

  /** The versions there are, oldest first; none when the folder is missing. Instant. */
  public List<String> versions() {
    return folders().stream().filter(name -> bundle(name).exists()).toList();
  }

  /**
   * What a version's {@code model.json} says, without a look at its other files. Instant.
   *
   * @throws ModelException when there is no such version, or its {@code model.json} is damaged
   */
  public ModelMetadata metadata(String version) {
    try {
      ModelMetadata metadata = bundle(version).metadata();
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
   * Opens a version and verifies all of it: the files' SHA-256, as many labels as classes, a graph
   * that is the described network, finite weights. Reads the whole bundle.
   *
   * @throws ModelException with file and cause when there is no such version or something is wrong
   *     with it
   */
  public ModelBundle open(String version) {
    return bundle(version).verify(metadata(version));
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
   * @throws ModelException when a weight is not finite or the disk refuses
   */
  public ModelBundle write(ModelDraft draft) {
    return write(newVersion(), draft);
  }

  ModelBundle write(String version, ModelDraft draft) {
    BundleFolder.requireFinite(draft.weights(), "the new model");
    Path folder = root.resolve(version);
    try {
      Files.createDirectories(root);
      Files.createDirectory(folder);
      ModelMetadata metadata = new BundleFolder(folder).write(version, draft);
      live.setIfNone(version, "the store");
      return new ModelBundle(
          version, folder, metadata.network(), metadata.preprocessing(), draft.labels());
    } catch (FileAlreadyExistsException e) {
      throw new ModelException("version %s is in %s already".formatted(version, root), e);
    } catch (IOException e) {
      throw new ModelException("cannot write " + folder + ": " + e, e);
    }
  }

  /**
   * Makes a version live.
   *
   * @param by who wants it
   * @throws ModelException when it does not exist or does not verify; the live one stays
   */
  public void promote(String version, String by) {
    open(version);
    live.set(LiveChange.Action.PROMOTED, version, by);
  }

  /**
   * Makes the version live again that was live before the present one; a second call goes back one
   * further.
   *
   * @param by who wants it
   * @return the version that is live now
   * @throws ModelException when none was live before, or it does not verify; the live one stays
   */
  public String rollback(String by) {
    String present = live();
    String previous =
        live.before(present)
            .orElseThrow(
                () ->
                    new ModelException(
                        "no version was live before %s: name one, ./tagstream model promote V --models %s"
                            .formatted(present, root)));
    open(previous);
    live.set(LiveChange.Action.ROLLED_BACK, previous, by);
    return previous;
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

  static boolean isVersionName(String name) {
    return VERSION.matcher(name).matches();
  }

  /** A name later than every one in the store, unfinished ones too. */
  String newVersion() {
    return TimeSortedName.next(clock, folders().stream());
  }

  private BundleFolder bundle(String version) {
    if (!isVersionName(version)) {
      throw new ModelException("'%s' is no version's name".formatted(version));
    }
    return new BundleFolder(root.resolve(version));
  }

  private List<String> folders() {
    if (!Files.exists(root)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(root)) {
      return entries
          .filter(Files::isDirectory)
          // An object store's provider ends a folder's name with a slash.
          .map(folder -> folder.getFileName().toString().replace("/", ""))
          .filter(ModelStore::isVersionName)
          .sorted()
          .toList();
    } catch (NotDirectoryException e) {
      throw new ModelException(root + " is no folder", e);
    } catch (IOException e) {
      throw new ModelException("cannot list " + root + ": " + e, e);
    }
  }
}
