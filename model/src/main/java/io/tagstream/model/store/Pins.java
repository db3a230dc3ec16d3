package io.tagstream.model.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Stream;

/**
 * The versions in use, {@code MODELS/pins/NAME}: each user of a store has a file there with one
 * version per line and rewrites it every minute. Pinned versions are not deleted. The pin of a
 * killed process expires after a day, or at the next start of its job.
 *
 * <p>Pin a version before opening it: then it either opens or is reported as deleted, and is not
 * deleted while in use.
 */
public final class Pins {
  private static final Duration REFRESHED_EACH = Duration.ofMinutes(1);
  private static final Duration VALID = Duration.ofDays(1);
  private static final int NAME_LENGTH = 100;
  private static final int LONGEST = 1 << 20;

  /** The prefix of a line that is not a version. */
  private static final String NOTE = "#";

  private final Path folder;
  private final Clock clock;
  private final Optional<String> job;

  Pins(Path root, Clock clock) {
    this(root, clock, Optional.empty());
  }

  /**
   * @param job the job that owns the pins, written in their first line
   */
  Pins(Path root, Clock clock, Optional<String> job) {
    this.folder = root.resolve("pins");
    this.clock = clock;
    this.job = job;
  }

  /**
   * Pins versions until the pin is closed. A daemon thread per pin refreshes it.
   *
   * @param name unique to the user; characters that a file name cannot hold become dashes
   * @param versions may be names that are not versions yet
   * @throws ModelException if the pin cannot be written
   */
  public Pin pin(String name, Set<String> versions) {
    ScheduledExecutorService thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread daemon = new Thread(task, "pin " + name);
              daemon.setDaemon(true);
              return daemon;
            });
    return new Pin(
        folder.resolve(safe(name)), job.map(Pins::ownedBy), versions, thread, REFRESHED_EACH);
  }

  private static String ownedBy(String job) {
    return NOTE + " job " + job;
  }

  /**
   * Deletes the pins that dead processes of a job left. Call it before the job starts. If a process
   * still runs, its pin is rewritten within a minute.
   *
   * @throws ModelException if a pin cannot be deleted
   */
  public void deleteOf(String owner) {
    for (Path file : files()) {
      try {
        if (lines(file).anyMatch(ownedBy(owner)::equals)) {
          Files.deleteIfExists(file);
        }
      } catch (NoSuchFileException closedMeanwhile) {
        // It was closed meanwhile.
      } catch (IOException e) {
        throw new ModelException("cannot delete " + file + ": " + e, e);
      }
    }
  }

  /** A file name that cannot lead out of the folder or look like a temporary file. */
  private static String safe(String name) {
    String safe = name.replaceAll("[^0-9A-Za-z._-]", "-").replaceAll("^[.]", "-");
    if (safe.isEmpty()) {
      throw new IllegalArgumentException("a pin needs a name");
    }
    return safe.substring(0, Math.min(safe.length(), NAME_LENGTH));
  }

  /**
   * All pinned versions.
   *
   * @throws ModelException if a pin cannot be read
   */
  public Set<String> pinned() {
    Set<String> pinned = new HashSet<>();
    for (Path file : files()) {
      try {
        if (isValid(file)) {
          lines(file).filter(line -> !line.startsWith(NOTE)).forEach(pinned::add);
        }
      } catch (NoSuchFileException closedMeanwhile) {
        // It was closed meanwhile.
      } catch (IOException e) {
        throw new ModelException("cannot read " + file + ": " + e, e);
      }
    }
    return pinned;
  }

  /** Deletes the pins that were not refreshed for a day. */
  void deleteStale() throws IOException {
    for (Path file : files()) {
      try {
        if (!isValid(file)) {
          Files.deleteIfExists(file);
        }
      } catch (NoSuchFileException closedMeanwhile) {
        // It was closed meanwhile.
      }
    }
  }

  private static Stream<String> lines(Path file) throws IOException {
    return new String(RegularFile.read(file, LONGEST), UTF_8).lines().map(String::strip);
  }

  private boolean isValid(Path file) throws IOException {
    return FileAge.of(file, clock.instant()).compareTo(VALID) < 0;
  }

  private List<Path> files() {
    if (!Files.exists(folder)) {
      return List.of();
    }
    List<Path> files = new ArrayList<>();
    try (Stream<Path> entries = Files.list(folder)) {
      entries.filter(file -> !file.getFileName().toString().startsWith(".")).forEach(files::add);
    } catch (NotDirectoryException e) {
      throw new ModelException(folder + " is not a folder", e);
    } catch (IOException | UncheckedIOException e) {
      throw new ModelException("cannot list " + folder + ": " + e, e);
    }
    return files;
  }
}
