package io.tagstream.model.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The live version: {@code MODELS/live} holds its name, {@code MODELS/history/} one small file for
 * each change, because an object store cannot append to a file. {@code live} alone decides what is
 * live; the history is for people and for the rollback. Changes are serialised, so that both have
 * the same order.
 */
final class LiveVersion {
  private static final String SUFFIX = ".json";
  private static final int LONGEST_NAME = 1 << 10;
  private static final int LONGEST_CHANGE = 1 << 20;

  private final Path live;
  private final Path history;
  private final Clock clock;
  private final ChangeLock lock;

  LiveVersion(Path root, Clock clock) {
    this.live = root.resolve("live");
    this.history = root.resolve("history");
    this.clock = clock;
    this.lock = new ChangeLock(history.resolve(".lock"));
  }

  Optional<String> read() {
    Optional<String> version = readLine();
    if (version.isPresent() && !ModelStore.isVersionName(version.get())) {
      throw new ModelException("%s does not name a version: '%s'".formatted(live, version.get()));
    }
    return version;
  }

  private Optional<String> readLine() {
    try {
      // Longer content is no version's name either; a promotion repairs it.
      return Optional.of(new String(RegularFile.beginning(live, LONGEST_NAME), UTF_8).strip());
    } catch (NoSuchFileException missing) {
      return Optional.empty();
    } catch (IOException e) {
      throw new ModelException("cannot read " + live + ": " + e, e);
    }
  }

  /** Makes the version live if none is live. */
  void setIfNone(String version, String by) throws IOException {
    if (Files.exists(live)) {
      return;
    }
    Path unused =
        lock.runExclusively(
            () -> {
              try {
                AtomicFiles.create(live, line(version));
              } catch (FileAlreadyExistsException anotherIsLive) {
                return live;
              }
              return record(LiveChange.Action.FIRST, version, Optional.empty(), by);
            });
  }

  void set(LiveChange.Action action, String version, String by) {
    boolean unused = change(action, version, by, present -> true);
  }

  /**
   * Makes a version live if the live version is the expected one.
   *
   * @param instead the version that must be live
   * @return whether it was live, and the change was made
   */
  boolean set(LiveChange.Action action, String version, String by, String instead) {
    return change(action, version, by, present -> present.equals(Optional.of(instead)));
  }

  private boolean change(
      LiveChange.Action action, String version, String by, Predicate<Optional<String>> wanted) {
    try {
      return lock.runExclusively(
          () -> {
            Optional<String> present = readLine();
            if (!wanted.test(present)) {
              return false;
            }
            // A crash between the two steps leaves a record of a change that was not made. That
            // does not mislead a rollback, which reads only the changes that led to the live
            // version. The present content may be invalid; this change then repairs it.
            Path recorded = record(action, version, present.filter(ModelStore::isVersionName), by);
            try {
              AtomicFiles.replace(live, line(version));
            } catch (IOException refused) {
              Files.deleteIfExists(recorded);
              throw refused;
            }
            return true;
          });
    } catch (IOException e) {
      throw new ModelException("cannot write " + live + ": " + e, e);
    }
  }

  /**
   * The version that {@code version} replaced when it last became live by a promotion, so that a
   * second rollback goes back one further.
   */
  Optional<String> predecessor(String version) {
    List<LiveChange> changes = changes();
    for (int i = changes.size() - 1; i >= 0; i--) {
      LiveChange change = changes.get(i);
      boolean forward = change.action() != LiveChange.Action.ROLLED_BACK;
      boolean again = change.previous().equals(Optional.of(version));
      if (forward && !again && change.version().equals(version)) {
        return change.previous();
      }
    }
    return Optional.empty();
  }

  /** All changes, oldest first. */
  List<LiveChange> changes() {
    List<LiveChange> changes = new ArrayList<>();
    for (String name : names()) {
      changes.add(change(name));
    }
    return changes;
  }

  /** The last change; empty if there was none. */
  Optional<LiveChange> last() {
    return names().stream().reduce((earlier, later) -> later).map(this::change);
  }

  private LiveChange change(String name) {
    Path file = history.resolve(name + SUFFIX);
    try {
      return StoreJson.read(RegularFile.read(file, LONGEST_CHANGE), LiveChange.class);
    } catch (JsonProcessingException e) {
      throw new ModelException("cannot use %s: %s".formatted(file, StoreJson.cause(e)), e);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  private List<String> names() {
    if (!Files.exists(history)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(history)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(SUFFIX) && !name.startsWith("."))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new ModelException("cannot list " + history + ": " + e, e);
    }
  }

  private Path record(
      LiveChange.Action action, String version, Optional<String> previous, String by)
      throws IOException {
    Files.createDirectories(history);
    LiveChange change = new LiveChange(clock.instant(), action, version, previous, by);
    String name = TimeSortedName.next(clock, names().stream());
    Path file = history.resolve(name + SUFFIX);
    AtomicFiles.create(file, StoreJson.write(change));
    return file;
  }

  private static byte[] line(String version) {
    return (version + "\n").getBytes(UTF_8);
  }
}
