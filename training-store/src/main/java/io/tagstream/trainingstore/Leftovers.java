package io.tagstream.trainingstore;

import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hidden files that killed processes leave in a training store: files that the job's sink began
 * after the last checkpoint, and files that {@link NewFile} did not publish.
 */
public final class Leftovers {
  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

  /** Younger files may belong to other commands that are adding to the store. */
  private static final Duration GRACE = Duration.ofDays(1);

  private static final String UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  /**
   * Identifies a file of Flink's sink by writer and number. This part of its name stays the same
   * while it is written, waits for compaction and is compacted, and a snapshot's state contains it.
   */
  public static final Pattern PART = Pattern.compile("part-" + UUID + "-\\d+");

  private static final Pattern OF_SINK =
      Pattern.compile(
          "\\.{1,2}(?:compacted-)?(%s)\\.avro(?:\\.inprogress\\.%s)?"
              .formatted(PART.pattern(), UUID));

  private static final Pattern OF_NEW_FILE =
      Pattern.compile("\\.[a-z]+-%s\\.avro\\.tmp".formatted(UUID));

  private Leftovers() {}

  private record Hidden(Path file, long bytes) {}

  /**
   * Deletes the hidden files that are at least a day old and in no snapshot. Age alone is not
   * sufficient: a file that waits for compaction is in the snapshots however long the job was
   * stopped. No sink may have the store open, because a clock change could make its files look old.
   *
   * @param inSnapshots the {@link #PART}s in the state of every snapshot from which the job may
   *     resume; if empty, they are unknown and no file of a sink is deleted
   */
  public static void remove(Path store, Supplier<Optional<Set<String>>> inSnapshots, Instant now) {
    try {
      List<Hidden> ofSink = new ArrayList<>();
      for (Hidden hidden : old(store, now.minus(GRACE))) {
        if (OF_NEW_FILE.matcher(name(hidden)).matches()) {
          delete(hidden);
        } else {
          ofSink.add(hidden);
        }
      }
      if (!ofSink.isEmpty()) {
        removeUnnamed(ofSink, inSnapshots.get());
      }
    } catch (UserException | IOException e) {
      LOG.warn(
          "Cannot delete the hidden files of killed processes in the training store {}", store, e);
    }
  }

  private static void removeUnnamed(List<Hidden> ofSink, Optional<Set<String>> inSnapshots)
      throws IOException {
    if (inSnapshots.isEmpty()) {
      LOG.info(
          "{} old hidden files stay in the training store: a snapshot is damaged or compressed, so the"
              + " files that it names are unknown",
          ofSink.size());
      return;
    }
    for (Hidden hidden : ofSink) {
      Matcher name = OF_SINK.matcher(name(hidden));
      if (name.matches() && !inSnapshots.get().contains(name.group(1))) {
        delete(hidden);
      }
    }
  }

  private static List<Hidden> old(Path store, Instant before) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(store)) {
      files = entries.toList();
    } catch (NoSuchFileException noStore) {
      return List.of();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    List<Hidden> old = new ArrayList<>();
    for (Path file : files) {
      String name = file.getFileName().toString();
      if (!OF_SINK.matcher(name).matches() && !OF_NEW_FILE.matcher(name).matches()) {
        continue;
      }
      try {
        BasicFileAttributes attributes =
            Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (attributes.isRegularFile()
            && attributes.lastModifiedTime().toInstant().isBefore(before)) {
          old.add(new Hidden(file, attributes.size()));
        }
      } catch (NoSuchFileException gone) {
        // Another command has published it.
      }
    }
    return old;
  }

  private static String name(Hidden hidden) {
    return hidden.file().getFileName().toString();
  }

  private static void delete(Hidden hidden) throws IOException {
    if (Files.deleteIfExists(hidden.file())) {
      LOG.info(
          "Deleted {}, {} bytes, which a dead process had begun and no snapshot names",
          hidden.file(),
          hidden.bytes());
    }
  }
}
