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
 * Deletes what a store keeps no longer.
 *
 * <p>It works beside other processes by this order: it first takes a bundle's {@code model.json}
 * away, then looks once more who needs the version, and only then deletes the rest, or puts the
 * file back. Who needs a version says so first, by a pin, and opens it then. So one of the two sees
 * the other. Of several processes that delete, the one that took the file away goes on.
 */
final class Retention {
  private static final Duration UNFINISHED_FOR = Duration.ofDays(1);

  /** What is half deleted for longer, a crash has left. */
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
   * Deletes all but the kept versions, and what crashes left behind.
   *
   * @return the versions deleted, oldest first
   */
  List<String> prune(int keep) throws IOException {
    // Once and first: what is whole only from here on is newer than the newest seen, and stays.
    List<Path> folders = folders();
    Optional<String> present = live.read();
    if (present.isEmpty()) {
      // Whoever removed the file wants one of the versions live again, and nobody knows which.
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
        // What it leads to may be another store's: nothing is hidden or deleted there.
        if (surplus && unlinkUnlessNeeded(name, folder)) {
          deleted.add(name);
        }
        continue;
      }
      if (ModelStore.isStaged(name)) {
        // Its writer is about to give it its name, or has crashed.
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
   * The live one, the newest candidate, the ones that were live before, latest first, and those
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
    Optional<String> before = live.before(present);
    while (before.isPresent() && predecessors.size() < keep - 2 && predecessors.add(before.get())) {
      before = live.before(before.get());
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

  /** Those that a store made, whole or not; what somebody named by hand is theirs. */
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
