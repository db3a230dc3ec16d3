package io.tagstream.trainingstore;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which rows overrule others: the newest row of an image all its others. */
final class Overruled {
  private final Map<StoreFile, List<TrainingRowHead>> rows;

  /** The files that hold rows of an image; the one with the row that counts is last. */
  private final Map<String, List<StoreFile>> files = new HashMap<>();

  /** Each image's newest row, by identity: a row may stand twice. */
  private final Set<TrainingRowHead> counting = Collections.newSetFromMap(new IdentityHashMap<>());

  Overruled(Map<StoreFile, List<TrainingRowHead>> all) {
    rows = Map.copyOf(all);
    Map<String, TrainingRowHead> newest = new HashMap<>();
    for (ImageCollection.Row row : ImageCollection.rowsInOrder(rows)) {
      files.computeIfAbsent(row.head().imageId(), first -> new ArrayList<>()).add(row.file());
      newest.put(row.head().imageId(), row.head());
    }
    counting.addAll(newest.values());
  }

  /** How many images the files hold rows of, withdrawals alone included. */
  int images() {
    return files.size();
  }

  /** Whether it is its image's newest row, label or withdrawal. */
  boolean counts(TrainingRowHead row) {
    return counting.contains(row);
  }

  /** Whether no row of another file would count if this one were gone that does not now. */
  boolean byNoRowOf(StoreFile file) {
    for (TrainingRowHead row : rows.get(file)) {
      List<StoreFile> holders = files.get(row.imageId());
      boolean counts = holders.get(holders.size() - 1).equals(file);
      if (counts && holders.stream().anyMatch(holder -> !holder.equals(file))) {
        return false;
      }
    }
    return true;
  }

  /** Forgets a file that is gone. */
  void remove(StoreFile file) {
    Set<String> ids = new LinkedHashSet<>();
    rows.get(file).forEach(row -> ids.add(row.imageId()));
    for (String id : ids) {
      files.get(id).removeIf(file::equals);
      files.computeIfPresent(id, (same, holders) -> holders.isEmpty() ? null : holders);
    }
  }
}
