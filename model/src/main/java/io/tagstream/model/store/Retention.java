package io.tagstream.model.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Deletes the versions that a store no longer keeps, and the remains of crashes.
 *
 * <p>It is safe next to other processes: it first hides a bundle's {@code model.json}, then checks
 * again whether the version is needed, and only then deletes the rest, or restores the file. A user
 * of a version pins it first and opens it afterwards. So at least one of the two sees the other. If
 * several processes delete a version, the one that hid the file continues.
 */
final class Retention {
  private static final Duration UNFINISHED_FOR = Duration.ofDays(1);

  /** A bundle that stays hidden for longer was left by a crash. */
  private static final Duration DELETED_WITHIN = Duration.ofMinutes(1);

  private final Path root;
  private final Clock clock;
  private final LiveVersion live;
  private final Pins pins;

  Retention(Path root, Clock clock, LiveVersion live, Pins pins) {
    this.root = root;
    this.clock = clock;
    this.live = live;
    this.pins = pins;
  }

  /**
   * Deletes all but the kept versions, and the remains of crashes.
   *
   * @return the deleted versions, oldest first
   */
  List<String> prune(int keep) throws IOException {
    // List the folders once and first: a version that completes later is newer than these and
    // stays.
    List<Path> folders = folders();
    Optional<String> present = live.read();
    if (present.isEmpty()) {
      // Somebody removed the file, and any of the versions may be made live again.
      return List.of();
    }
    List<String> versions = versions(folders);
    Set<String> kept = kept(present.get(), versions, keep);
    List<String> deleted = new ArrayList<>();
    for (Path folder : folders) {
      String name = folder.getFileName().toString();
      BundleFolder bundle = new BundleFolder(folder);
      boolean surplus = versions.contains(name) && !kept.contains(name);
      if (bundle.isLink()) {
        // The target may belong to another store: nothing is hidden or deleted there.
        if (surplus && unlinkUnlessNeeded(name, folder)) {
          deleted.add(name);
        }
        continue;
      }
      if (ModelStore.isStaged(name)) {
        // Its writer is about to rename it, or has crashed.
        if (isOlder(folder, UNFINISHED_FOR)) {
          bundle.delete();
        }
        continue;
      }
      boolean crashed = bundle.isHidden() && isOlder(folder, DELETED_WITHIN);
      if (crashed) {
        bundle.restore();
      }
      if (bundle.exists() && (crashed || surplus)) {
        if (deleteUnlessNeeded(name, bundle)) {
          deleted.add(name);
        }
      } else if (!bundle.exists() && !kept.contains(name) && isOlder(folder, UNFINISHED_FOR)) {
        bundle.delete();
      }
    }
    pins.deleteStale();
    return deleted;
  }

  /**
   * The live version, the newest candidate, those that were live before, latest first, and those
   * whose training has not ended.
   */
  private Set<String> kept(String present, List<String> versions, int keep) {
    Set<String> kept = new HashSet<>(ModelStore.runs(root));
    kept.add(present);
    Set<String> onceLive =
        live.changes().stream().map(LiveChange::version).collect(Collectors.toSet());
    versions.stream()
        .filter(version -> version.compareTo(present) > 0 || !onceLive.contains(version))
        .filter(version -> !version.equals(present))
        .reduce((older, newer) -> newer)
        .ifPresent(kept::add);
    Set<String> predecessors = new HashSet<>();
    Optional<String> before = live.predecessor(present);
    while (before.isPresent() && predecessors.size() < keep - 2 && predecessors.add(before.get())) {
      before = live.predecessor(before.get());
    }
    kept.addAll(predecessors);
    return kept;
  }

  private boolean deleteUnlessNeeded(String version, BundleFolder bundle) throws IOException {
    if (isNeeded(version) || !bundle.hide()) {
      return false;
    }
    if (isNeeded(version)) {
      bundle.restore();
      return false;
    }
    bundle.delete();
    return true;
  }

  private boolean unlinkUnlessNeeded(String version, Path link) throws IOException {
    if (isNeeded(version)) {
      return false;
    }
    Path target = Files.readSymbolicLink(link);
    Files.deleteIfExists(link);
    if (isNeeded(version)) {
      Files.createSymbolicLink(link, target);
      return false;
    }
    return true;
  }

  private boolean isNeeded(String version) {
    return live.read().equals(Optional.of(version)) || pins.pinned().contains(version);
  }

  /** The folders that a store made, complete or not; folders named by hand are left alone. */
  private List<Path> folders() {
    return ModelStore.names(root).stream()
        .filter(name -> TimeSortedName.is(name) || ModelStore.isStaged(name))
        .map(root::resolve)
        .filter(Files::isDirectory)
        .toList();
  }

  private static List<String> versions(List<Path> folders) {
    return folders.stream()
        .filter(folder -> new BundleFolder(folder).exists())
        .map(folder -> folder.getFileName().toString())
        .filter(TimeSortedName::is)
        .toList();
  }

  private boolean isOlder(Path folder, Duration age) throws IOException {
    try {
      return FileAge.of(folder, clock.instant()).compareTo(age) > 0;
    } catch (NoSuchFileException goneMeanwhile) {
      return false;
    }
  }
}
