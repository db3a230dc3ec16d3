package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;

/**
 * The offsets of a set of input records: for each partition, the range from the first to the last,
 * including any others between them.
 *
 * @param ranges one per partition, sorted by topic and partition
 */
record SourceRanges(List<Range> ranges) {
  static final SourceRanges NONE = new SourceRanges(List.of());

  /**
   * @param first the lowest offset
   * @param last the highest
   */
  record Range(String topic, int partition, long first, long last) {
    static Range of(Coordinates record) {
      return new Range(record.topic(), record.partition(), record.offset(), record.offset());
    }

    private TopicPartition key() {
      return new TopicPartition(topic, partition);
    }

    /** The range that covers both, which must be of one partition. */
    private Range span(Range other) {
      return new Range(topic, partition, Math.min(first, other.first), Math.max(last, other.last));
    }

    @Override
    public String toString() {
      return first == last
          ? "%s-%d offset %d".formatted(topic, partition, first)
          : "%s-%d offsets %d to %d".formatted(topic, partition, first, last);
    }
  }

  SourceRanges {
    ranges = List.copyOf(ranges);
  }

  /** The ranges that cover both. */
  SourceRanges and(SourceRanges other) {
    Growing both = new Growing();
    Stream.of(ranges, other.ranges).flatMap(Collection::stream).forEach(both::add);
    return both.ranges();
  }

  /** Accumulates records. */
  static final class Growing {
    private final Map<TopicPartition, Range> byPartition =
        new TreeMap<>(
            Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition));

    void add(Range range) {
      byPartition.merge(range.key(), range, Range::span);
    }

    SourceRanges ranges() {
      return new SourceRanges(List.copyOf(byPartition.values()));
    }
  }

  @Override
  public String toString() {
    return ranges.stream().map(Range::toString).collect(Collectors.joining(", "));
  }
}
