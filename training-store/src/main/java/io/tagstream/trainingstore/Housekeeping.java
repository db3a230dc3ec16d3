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
 * Limits the size of a training store, drops superseded rows of images that were labelled again,
 * merges small files and deletes old runs. Files never change: rows to keep are copied to a new
 * file. Files that an unfinished run reads are not touched, so no run may begin meanwhile. A crash
 * at any moment leaves a store with the same content.
 */
public final class Housekeeping {
  private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

  /** Files below this size are merged. */
  private static final long SMALL_BYTES = TrainingStore.FILE_BYTES / 4;

  /** How many small files are merged at a time: each row is copied once per so many new files. */
  private static final int MERGED_AT_ONCE = 10;

  /**
   * A file is rewritten if a quarter of its bytes belongs to superseded rows; the copied bytes are
   * then at most three times the freed ones.
   */
  private static final int UNNEEDED_SHARE = 4;

  /** How many of the newest runs are always kept. */
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
   * Deletes the oldest files beyond {@code training.keep}, merges small files, rewrites files with
   * many superseded rows, and deletes old runs.
   *
   * @param wanted versions whose runs are kept, however old
   * @throws UserException if a file cannot be read, written or deleted
   */
  public static void in(
      TrainingStore store, TrainingStoreSettings settings, Set<String> wanted, Instant now) {
    in(store, settings.keep(), MERGED_AT_ONCE);
    forgetRuns(store, RUNS, wanted, now);
  }

  static void forgetRuns(TrainingStore store, int newest, Set<String> wanted, Instant now) {
    Listing listing = store.list();
    Set<String> parts =
        listing.files().stream()
            .flatMap(file -> file.parts().stream())
            .map(Part::name)
            .collect(Collectors.toSet());
    // The parts of an unreadable file are unknown; they must not count as new once it is readable.
    boolean allRead = listing.unusable().isEmpty();
    store.runs().deleteOld(newest, wanted, now, part -> allRead && !parts.contains(part));
  }

  /**
   * @param keep the number of images to keep
   * @param joined the least number of small files that are merged
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
    SupersededRows superseded = new SupersededRows(rows);
    // First the steps that need no free space on the disk.
    deleteSuperseded(rows, superseded, free);
    deleteOldest(rows, superseded, free);
    mergeAndRewrite(rows, superseded, free);
  }

  /** Deletes the files whose images all have newer rows elsewhere. */
  private void deleteSuperseded(
      Map<StoreFile, List<TrainingRowHead>> rows,
      SupersededRows superseded,
      Predicate<StoreFile> free)
      throws IOException {
    List<StoreFile> useless =
        rows.keySet().stream()
            .filter(free)
            .filter(file -> rows.get(file).stream().noneMatch(superseded::counts))
            .toList();
    for (StoreFile file : useless) {
      delete(file);
      superseded.remove(file);
      rows.remove(file);
    }
    if (!useless.isEmpty()) {
      LOG.info(
          "In the training store {}, deleted {} files whose images were all labelled again",
          store.folder(),
          useless.size());
    }
  }

  /**
   * Deletes files, the one with the oldest newest row first. A file stays while one of its rows, a
   * withdrawal or a correction, supersedes a row of another file, which would count again without
   * it.
   */
  private void deleteOldest(
      Map<StoreFile, List<TrainingRowHead>> rows,
      SupersededRows superseded,
      Predicate<StoreFile> free)
      throws IOException {
    List<StoreFile> files =
        rows.keySet().stream()
            .sorted(
                Comparator.<StoreFile, Instant>comparing(file -> newest(rows.get(file)))
                    .thenComparing(StoreFile::name))
            .collect(Collectors.toCollection(ArrayList::new));
    int before = superseded.images();
    while (superseded.images() > keep) {
      Optional<StoreFile> found =
          files.stream().filter(free).filter(superseded::canBeDeleted).findFirst();
      if (found.isEmpty()) {
        LOG.warn(
            "The training store {} has {} images more than training.keep, which it cannot delete"
                + " yet",
            store.folder(),
            superseded.images() - keep);
        break;
      }
      StoreFile oldest = found.get();
      delete(oldest);
      superseded.remove(oldest);
      rows.remove(oldest);
      files.remove(oldest);
    }
    if (superseded.images() < before) {
      LOG.info(
          "In the training store {}, deleted the {} oldest images: training.keep is {}",
          store.folder(),
          before - superseded.images(),
          keep);
    }
  }

  private static Instant newest(List<TrainingRowHead> rows) {
    return rows.stream().map(TrainingRowHead::at).max(Instant::compareTo).orElse(Instant.MIN);
  }

  /**
   * Merges small files and drops superseded rows. Only neighbouring files are merged, so that rows
   * with equal times keep their order.
   */
  private void mergeAndRewrite(
      Map<StoreFile, List<TrainingRowHead>> rows,
      SupersededRows superseded,
      Predicate<StoreFile> free)
      throws IOException {
    List<StoreFile> group = new ArrayList<>();
    long bytes = 0;
    for (StoreFile file : ImageCollection.filesInOrder(rows)) {
      boolean small = free.test(file) && file.bytes() < SMALL_BYTES;
      if (!small || bytes + file.bytes() > TrainingStore.FILE_BYTES) {
        mergeOrShrink(group, rows, superseded);
        group.clear();
        bytes = 0;
      }
      if (small) {
        group.add(file);
        bytes += file.bytes();
      } else if (free.test(file)) {
        mergeOrShrink(List.of(file), rows, superseded);
      }
    }
    mergeOrShrink(group, rows, superseded);
  }

  private void mergeOrShrink(
      List<StoreFile> files, Map<StoreFile, List<TrainingRowHead>> rows, SupersededRows superseded)
      throws IOException {
    if (files.size() >= joined) {
      replace(files, rows, superseded);
      return;
    }
    for (StoreFile file : files) {
      long unneeded =
          rows.get(file).stream()
              .filter(row -> !superseded.counts(row))
              .flatMap(row -> row.content().stream())
              .mapToLong(TrainingRowHead.Content::length)
              .sum();
      if (unneeded * UNNEEDED_SHARE >= file.bytes()) {
        replace(List.of(file), rows, superseded);
      }
    }
  }

  /** Replaces files by one with the rows that count. */
  private void replace(
      List<StoreFile> files, Map<StoreFile, List<TrainingRowHead>> rows, SupersededRows superseded)
      throws IOException {
    List<Part> parts = new ArrayList<>();
    for (StoreFile file : files) {
      Iterator<TrainingRowHead> heads = rows.get(file).iterator();
      for (Part part : file.parts()) {
        long counting =
            LongStream.range(0, part.rows()).filter(i -> superseded.counts(heads.next())).count();
        if (counting > 0) {
          parts.add(new Part(part.name(), counting));
        }
      }
    }
    List<String> names = files.stream().map(StoreFile::name).toList();
    try (NewFile whole = new NewFile(store.folder(), "merged", MergedParts.write(parts, names))) {
      for (StoreFile file : files) {
        copy(file, rows.get(file).stream().map(superseded::counts).toList(), whole);
      }
      whole.publish();
    }
    // From here on it replaces them for every reader.
    for (StoreFile file : files) {
      delete(file);
    }
    LOG.info(
        "In the training store {}, rewrote {} files as one, without {} rows of images that were"
            + " labelled again",
        store.folder(),
        files.size(),
        files.stream().mapToLong(StoreFile::rows).sum()
            - parts.stream().mapToLong(Part::rows).sum());
  }

  /**
   * @param wanted for each row, whether it is copied
   */
  private void copy(StoreFile file, List<Boolean> wanted, NewFile whole) throws IOException {
    try (DataFileStream<TrainingImage> rows =
        TrainingFile.rows(Files.newInputStream(store.folder().resolve(file.name())))) {
      for (boolean isWanted : wanted) {
        // One row at a time, because a file's images may not fit in memory.
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
