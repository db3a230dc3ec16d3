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
 * The hidden files that killed processes leave in a training store: what the job's sink had begun
 * after the last checkpoint, and what {@link NewFile} had not published.
 */
public final class Leftovers {
  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

  /** Other commands may be adding to the store. */
  private static final Duration GRACE = Duration.ofDays(1);

  private static final String UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  /**
   * A file of Flink's sink, by its writer and number: what stays of its name as it is begun, waits
   * for others and is compacted with them, and by which a snapshot's state names it.
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
   * Removes those that are a day old and in no snapshot. Not their age alone decides: a file that
   * waits for others is in the snapshots however long the job was stopped. No sink may have the
   * store open, or the clock could make what it writes look old.
   *
   * @param inSnapshots the {@link #PART}s in the state of every snapshot from which the job may
   *     resume; empty when they are not known, and no file of a sink goes
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
      LOG.warn("Hidden files of killed processes stay in the training store {}", store, e);
    }
  }

  private static void removeUnnamed(List<Hidden> ofSink, Optional<Set<String>> inSnapshots)
      throws IOException {
    if (inSnapshots.isEmpty()) {
      LOG.info(
          "{} old hidden files stay in the training store: the snapshots are compressed, so that it is unknown which ones they name",
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
        // Another command's, which published it.
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
          "Removed {} of {} bytes, which a process that died had begun and no snapshot names",
          hidden.file(),
          hidden.bytes());
    }
  }
}
