package io.tagstream.job.retag;

import io.tagstream.job.flow.Coordinates;
import java.io.Serializable;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** The records of some ranges that nothing has answered. */
final class MissingRecords implements Serializable {
  private static final long serialVersionUID = 1L;

  private final OffsetRanges ranges;

  /** By partition, counted from the range's first offset. */
  private final Map<Integer, BitSet> answered = new HashMap<>();

  /** All of the ranges, at first. */
  MissingRecords(OffsetRanges ranges) {
    this.ranges = ranges;
    ranges.byPartition().keySet().forEach(partition -> answered.put(partition, new BitSet()));
  }

  /** Takes one out, if it is of the ranges. */
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

  /** How many offsets they are; some may hold no record, such as the end of a transaction. */
  long size() {
    return ranges.size() - answered.values().stream().mapToLong(BitSet::cardinality).sum();
  }
}
