package io.tagstream.trainingstore;

import io.tagstream.schemas.TrainingImage;
import io.tagstream.settings.TrainingStoreSettings;
import io.tagstream.settings.UserException;
import io.tagstream.trainingstore.StoreFile.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.avro.file.DataFileStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds a training store, drops rows of images that were labelled again, joins small files and
 * forgets old runs. Files never change: what is kept of one is written to another. Nothing that an
 * unfinished run reads is touched, so no run may begin meanwhile. A crash at any moment leaves a
 * store that says the same.
 */
public final class Housekeeping {
  private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

  /** Files below this are small. */
  private static final long SMALL_BYTES = TrainingStore.FILE_BYTES / 4;

  /** Each row is copied once for every so many files that come. */
  private static final int JOINED = 10;

  /**
   * One in so many bytes that belongs to a row that does not count is worth copying the others, of
   * which there are three times as many at most.
   */
  private static final int UNNEEDED_SHARE = 4;

  /** Runs that are remembered in full. */
  private static final int RUNS = 50;

  private final TrainingStore store;
  private final long keep;
  private final int joined;

  private Housekeeping(TrainingStore store, long keep, int joined) {
    this.store = store;
    this.keep = keep;
    this.joined = joined;
  }

  /**
   * Deletes the oldest files beyond {@code training.keep}, writes anew what is small or holds many
   * rows that do not count, and forgets old runs.
   *
   * @param wanted versions whose runs are remembered, however old
   * @throws UserException when a file cannot be read, written or deleted
   */
  public static void in(
      TrainingStore store, TrainingStoreSettings settings, Set<String> wanted, Instant now) {
    in(store, settings.keep(), JOINED);
    forgetRuns(store, RUNS, wanted, now);
  }

  static void forgetRuns(TrainingStore store, int newest, Set<String> wanted, Instant now) {
    Listing listing = store.list();
    Set<String> parts =
        listing.files().stream()
            .flatMap(file -> file.parts().stream())
            .map(Part::name)
            .collect(Collectors.toSet());
    // What a file holds that cannot be read now is not known, and must not be new when it can.
    boolean allRead = listing.unusable().isEmpty();
    store.runs().deleteOld(newest, wanted, now, part -> allRead && !parts.contains(part));
  }

  /**
   * @param keep images
   * @param joined how many small files become one, at least
   */
  static void in(TrainingStore store, long keep, int joined) {
    Housekeeping housekeeping = new Housekeeping(store, keep, joined);
    try {
      housekeeping.run();
    } catch (IOException e) {
      throw new UserException(
          "cannot tidy the training store %s: %s".formatted(store.folder(), e), e);
    }
  }

  private void run() throws IOException {
    Set<String> inUse =
        store.runs().unfinished().stream()
            .flatMap(manifest -> manifest.files().stream())
            .map(StoreFile::name)
            .collect(Collectors.toSet());
    Predicate<StoreFile> free = file -> !inUse.contains(file.name());
    Listing listing = store.list();
    for (StoreFile merged : listing.merged().stream().filter(free).toList()) {
      delete(merged);
    }
    Map<StoreFile, List<TrainingRowHead>> rows = new HashMap<>();
    listing.files().forEach(file -> rows.put(file, store.heads(file)));
    Overruled overruled = new Overruled(rows);
    // First what needs no room on the disk.
    deleteOverruled(rows, overruled, free);
    deleteOldest(rows, overruled, free);
    writeAnew(rows, overruled, free);
  }

  /** Deletes the files whose images all have newer rows elsewhere. */
  private void deleteOverruled(
      Map<StoreFile, List<TrainingRowHead>> rows, Overruled overruled, Predicate<StoreFile> free)
      throws IOException {
    List<StoreFile> useless =
        rows.keySet().stream()
            .filter(free)
            .filter(file -> rows.get(file).stream().noneMatch(overruled::counts))
            .toList();
    for (StoreFile file : useless) {
      delete(file);
      overruled.remove(file);
      rows.remove(file);
    }
    if (!useless.isEmpty()) {
      LOG.info(
          "The training store {} gave up {} files whose images were all labelled again",
          store.folder(),
          useless.size());
    }
  }

  /**
   * Oldest first by their newest row. A file waits while one of its rows, a withdrawal or a
   * correction, overrules a row of another file, which would count again without it.
   */
  private void deleteOldest(
      Map<StoreFile, List<TrainingRowHead>> rows, Overruled overruled, Predicate<StoreFile> free)
      throws IOException {
    List<StoreFile> files =
        rows.keySet().stream()
            .sorted(
                Comparator.<StoreFile, Instant>comparing(file -> newest(rows.get(file)))
                    .thenComparing(StoreFile::name))
            .collect(Collectors.toCollection(ArrayList::new));
    int before = overruled.images();
    while (overruled.images() > keep) {
      Optional<StoreFile> found =
          files.stream().filter(free).filter(overruled::byNoRowOf).findFirst();
      if (found.isEmpty()) {
        LOG.warn(
            "The training store {} has {} images beyond training.keep that it must keep for now",
            store.folder(),
            overruled.images() - keep);
        break;
      }
      StoreFile oldest = found.get();
      delete(oldest);
      overruled.remove(oldest);
      rows.remove(oldest);
      files.remove(oldest);
    }
    if (overruled.images() < before) {
      LOG.info(
          "The training store {} gave up its {} oldest images: training.keep is {}",
          store.folder(),
          before - overruled.images(),
          keep);
    }
  }

  private static Instant newest(List<TrainingRowHead> rows) {
    return rows.stream().map(TrainingRowHead::at).max(Instant::compareTo).orElse(Instant.MIN);
  }

  /**
   * Joins small files and drops the rows that do not count. Neighbours only, so that rows that are
   * equally new keep their order.
   */
  private void writeAnew(
      Map<StoreFile, List<TrainingRowHead>> rows, Overruled overruled, Predicate<StoreFile> free)
      throws IOException {
    List<StoreFile> group = new ArrayList<>();
    long bytes = 0;
    for (StoreFile file : ImageCollection.filesInOrder(rows)) {
      boolean small = free.test(file) && file.bytes() < SMALL_BYTES;
      if (!small || bytes + file.bytes() > TrainingStore.FILE_BYTES) {
        joinOrShrink(group, rows, overruled);
        group.clear();
        bytes = 0;
      }
      if (small) {
        group.add(file);
        bytes += file.bytes();
      } else if (free.test(file)) {
        joinOrShrink(List.of(file), rows, overruled);
      }
    }
    joinOrShrink(group, rows, overruled);
  }

  private void joinOrShrink(
      List<StoreFile> files, Map<StoreFile, List<TrainingRowHead>> rows, Overruled overruled)
      throws IOException {
    if (files.size() >= joined) {
      replace(files, rows, overruled);
      return;
    }
    for (StoreFile file : files) {
      long unneeded =
          rows.get(file).stream()
              .filter(row -> !overruled.counts(row))
              .flatMap(row -> row.content().stream())
              .mapToLong(TrainingRowHead.Content::length)
              .sum();
      if (unneeded * UNNEEDED_SHARE >= file.bytes()) {
        replace(List.of(file), rows, overruled);
      }
    }
  }

  /** Puts one file with the rows that count in the place of some. */
  private void replace(
      List<StoreFile> files, Map<StoreFile, List<TrainingRowHead>> rows, Overruled overruled)
      throws IOException {
    List<Part> parts = new ArrayList<>();
    for (StoreFile file : files) {
      Iterator<TrainingRowHead> heads = rows.get(file).iterator();
      for (Part part : file.parts()) {
        long counting =
            LongStream.range(0, part.rows()).filter(i -> overruled.counts(heads.next())).count();
        if (counting > 0) {
          parts.add(new Part(part.name(), counting));
        }
      }
    }
    List<String> names = files.stream().map(StoreFile::name).toList();
    try (NewFile whole = new NewFile(store.folder(), "merged", MergedParts.write(parts, names))) {
      for (StoreFile file : files) {
        copy(file, rows.get(file).stream().map(overruled::counts).toList(), whole);
      }
      whole.publish();
    }
    // From here on it stands for them.
    for (StoreFile file : files) {
      delete(file);
    }
    LOG.info(
        "The training store {} wrote {} files anew as one, without {} rows of images that were labelled again",
        store.folder(),
        files.size(),
        files.stream().mapToLong(StoreFile::rows).sum()
            - parts.stream().mapToLong(Part::rows).sum());
  }

  /**
   * @param wanted says of each row whether it is copied
   */
  private void copy(StoreFile file, List<Boolean> wanted, NewFile whole) throws IOException {
    try (DataFileStream<TrainingImage> rows =
        TrainingFile.rows(Files.newInputStream(store.folder().resolve(file.name())))) {
      for (boolean isWanted : wanted) {
        // One at a time: a file's pictures are more than memory need hold.
        TrainingImage row = rows.next();
        if (isWanted) {
          whole.rows().append(row);
        }
      }
    }
  }

  private void delete(StoreFile file) throws IOException {
    Files.deleteIfExists(store.folder().resolve(file.name()));
  }
}
