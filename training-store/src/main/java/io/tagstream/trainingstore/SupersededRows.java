package io.tagstream.trainingstore;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which rows are superseded: all rows of an image except its newest. */
final class SupersededRows {
  private final Map<StoreFile, List<TrainingRowHead>> rows;

  /** The files with rows of an image, by id; the file with the row that counts is last. */
  private final Map<String, List<StoreFile>> files = new HashMap<>();

  /** Each image's newest row, by identity, because equal rows may occur twice. */
  private final Set<TrainingRowHead> counting = Collections.newSetFromMap(new IdentityHashMap<>());

  SupersededRows(Map<StoreFile, List<TrainingRowHead>> all) {
    rows = Map.copyOf(all);
    Map<String, TrainingRowHead> newest = new HashMap<>();
    for (ImageCollection.Row row : ImageCollection.rowsInOrder(rows)) {
      files.computeIfAbsent(row.head().imageId(), first -> new ArrayList<>()).add(row.file());
      newest.put(row.head().imageId(), row.head());
    }
    counting.addAll(newest.values());
  }

  /** The number of images with rows in the files, including those with withdrawals only. */
  int images() {
    return files.size();
  }

  /** Whether a row, label or withdrawal, is the newest of its image. */
  boolean counts(TrainingRowHead row) {
    return counting.contains(row);
  }

  /** Whether deleting a file would make no superseded row of another file count again. */
  boolean canBeDeleted(StoreFile file) {
    for (TrainingRowHead row : rows.get(file)) {
      List<StoreFile> holders = files.get(row.imageId());
      boolean counts = holders.get(holders.size() - 1).equals(file);
      if (counts && holders.stream().anyMatch(holder -> !holder.equals(file))) {
        return false;
      }
    }
    return true;
  }

  /** Removes a deleted file. */
  void remove(StoreFile file) {
    Set<String> ids = new LinkedHashSet<>();
    rows.get(file).forEach(row -> ids.add(row.imageId()));
    for (String id : ids) {
      files.get(id).removeIf(file::equals);
      files.computeIfPresent(id, (same, holders) -> holders.isEmpty() ? null : holders);
    }
  }
}
