package io.tagstream.job.trainingstore;

import io.tagstream.job.trainingstore.StoreFile.Part;
import io.tagstream.schemas.TrainingFile;
import io.tagstream.schemas.TrainingImage;
import io.tagstream.schemas.TrainingRowHead;
import io.tagstream.settings.TrainingStoreSettings;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.avro.file.DataFileStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds a training store and joins its small files, a whole file at a time, and forgets old runs.
 * Nothing that an unfinished run reads is touched, so no run may begin meanwhile. A crash at any
 * moment leaves a store that says the same.
 */
public final class Housekeeping {
  private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

  /** Files below this are small. */
  private static final long SMALL_BYTES = TrainingSink.FILE_BYTES / 4;

  /** Each row is copied once for every so many files that come. */
  private static final int JOINED = 10;

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
   * Deletes the oldest files beyond {@code training.keep}, joins small ones and forgets old runs.
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
   * @param keep rows
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
            .flatMap(run -> run.files().stream())
            .map(StoreFile::name)
            .collect(Collectors.toSet());
    Predicate<StoreFile> free = file -> !inUse.contains(file.name());
    Listing listing = store.list();
    for (StoreFile merged : listing.merged().stream().filter(free).toList()) {
      delete(merged);
    }
    Map<StoreFile, List<TrainingRowHead>> rows = new HashMap<>();
    listing.files().forEach(file -> rows.put(file, store.heads(file)));
    deleteOldest(rows, free);
    joinSmall(Snapshot.filesInOrder(rows), free);
  }

  /**
   * Oldest first by their newest row. A file waits while one of its rows, a withdrawal or a
   * correction, overrules a row of another file, which would count again without it.
   */
  private void deleteOldest(Map<StoreFile, List<TrainingRowHead>> rows, Predicate<StoreFile> free)
      throws IOException {
    Overruled overruled = new Overruled(rows);
    List<StoreFile> files =
        rows.keySet().stream()
            .sorted(
                Comparator.<StoreFile, Instant>comparing(file -> newest(rows.get(file)))
                    .thenComparing(StoreFile::name))
            .collect(Collectors.toCollection(ArrayList::new));
    long excess = files.stream().mapToLong(StoreFile::rows).sum() - keep;
    long deleted = 0;
    while (deleted < excess) {
      Optional<StoreFile> found =
          files.stream().filter(free).filter(overruled::byNoRowOf).findFirst();
      if (found.isEmpty()) {
        LOG.warn(
            "The training store {} has {} rows beyond training.keep that it must keep for now",
            store.folder(),
            excess - deleted);
        break;
      }
      StoreFile oldest = found.get();
      delete(oldest);
      overruled.remove(oldest);
      rows.remove(oldest);
      files.remove(oldest);
      deleted += oldest.rows();
    }
    if (deleted > 0) {
      LOG.info(
          "The training store {} gave up its {} oldest rows: training.keep is {}",
          store.folder(),
          deleted,
          keep);
    }
  }

  private static Instant newest(List<TrainingRowHead> rows) {
    return rows.stream().map(TrainingRowHead::at).max(Instant::compareTo).orElse(Instant.MIN);
  }

  /** Neighbours only, so that rows that are equally new keep their order. */
  private void joinSmall(List<StoreFile> inOrder, Predicate<StoreFile> free) throws IOException {
    List<StoreFile> group = new ArrayList<>();
    long bytes = 0;
    for (StoreFile file : inOrder) {
      boolean small = free.test(file) && file.bytes() < SMALL_BYTES;
      if (!small || bytes + file.bytes() > TrainingSink.FILE_BYTES) {
        join(group);
        group.clear();
        bytes = 0;
      }
      if (small) {
        group.add(file);
        bytes += file.bytes();
      }
    }
    join(group);
  }

  private void join(List<StoreFile> files) throws IOException {
    if (files.size() < joined) {
      return;
    }
    List<Part> parts = files.stream().flatMap(file -> file.parts().stream()).toList();
    try (NewFile whole = new NewFile(store.folder(), "merged", MergedParts.write(parts))) {
      for (StoreFile file : files) {
        copy(file, whole);
      }
      whole.publish();
    }
    // From here on it stands for them.
    for (StoreFile file : files) {
      delete(file);
    }
    LOG.info("The training store {} made one of {} small files", store.folder(), files.size());
  }

  private void copy(StoreFile file, NewFile whole) throws IOException {
    try (DataFileStream<TrainingImage> rows =
        TrainingFile.rows(Files.newInputStream(store.folder().resolve(file.name())))) {
      for (TrainingImage row : rows) {
        whole
            .rows()
            .append(
                row.getImageId(),
                row.getLabel(),
                row.getUnknown(),
                row.getGroup(),
                row.getAt(),
                row.getOrigin(),
                row.getSource(),
                row.getContent().map(ByteBuffer::array));
      }
    }
  }

  private void delete(StoreFile file) throws IOException {
    Files.deleteIfExists(store.folder().resolve(file.name()));
  }
}
