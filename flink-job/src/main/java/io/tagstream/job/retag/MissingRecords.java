package io.tagstream.job.retag;

import io.tagstream.job.flow.Coordinates;
import java.io.Serializable;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** The records of some ranges that have neither a prediction nor a rejection. */
final class MissingRecords implements Serializable {
  private static final long serialVersionUID = 1L;

  private final OffsetRanges ranges;

  /** By partition; bit 0 is the first offset of the range. */
  private final Map<Integer, BitSet> answered = new HashMap<>();

  /** Begins with all records of the ranges. */
  MissingRecords(OffsetRanges ranges) {
    this.ranges = ranges;
    ranges.byPartition().keySet().forEach(partition -> answered.put(partition, new BitSet()));
  }

  /** Removes a record, if it is in the ranges. */
  void answered(Coordinates record) {
    if (ranges.contains(record)) {
      answered.get(record.partition()).set(index(record));
    }
  }

  boolean contains(Coordinates record) {
    return ranges.contains(record) && !answered.get(record.partition()).get(index(record));
  }

  private int index(Coordinates record) {
    return Math.toIntExact(record.offset() - ranges.byPartition().get(record.partition()).from());
  }

  /** The number of missing offsets; some may hold no record, such as a transaction marker. */
  long size() {
    return ranges.size() - answered.values().stream().mapToLong(BitSet::cardinality).sum();
  }
}
