package io.tagstream.job.source;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/**
 * The consumer's positions beyond the last records that it returned: in between lie transaction
 * markers and aborted records, which it skipped. The connector keeps the offset after the last
 * record, and would resume there even if those offsets were deleted. Used by the polling thread
 * alone.
 */
final class Positions {

  /** Not a record: carries the next offset of a partition, as the offset after its own. */
  static final class Passed extends ConsumerRecord<byte[], byte[]> {
    private Passed(TopicPartition partition, long next) {
      super(partition.topic(), partition.partition(), next - 1, null, null);
    }
  }

  private final Map<TopicPartition, Long> passed = new HashMap<>();

  /** Notes the result of a poll. */
  void read(ConsumerRecords<byte[], byte[]> records) {
    records
        .nextOffsets()
        .forEach(
            (partition, next) -> {
              List<ConsumerRecord<byte[], byte[]>> given = records.records(partition);
              if (given.isEmpty() || given.get(given.size() - 1).offset() + 1 < next.offset()) {
                passed.put(partition, next.offset());
              }
            });
  }

  /** Notes that a partition is read from an offset on, before its first record. */
  void begin(TopicPartition partition, long next) {
    passed.put(partition, next);
  }

  /** Whether all noted positions have been emitted by {@link #behind}. */
  boolean areEmitted() {
    return passed.isEmpty();
  }

  /** Appends the positions noted since the last call to a poll's records. */
  RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> behind(
      RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records) {
    if (passed.isEmpty()) {
      return records;
    }
    Map<TopicPartition, Long> behind = Map.copyOf(passed);
    passed.clear();
    return new WithPositions(records, behind);
  }

  private static final class WithPositions
      implements RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> {
    private final RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records;
    private final Iterator<Map.Entry<TopicPartition, Long>> rest;
    private boolean recordsAreRead;
    private Optional<ConsumerRecord<byte[], byte[]>> next = Optional.empty();

    WithPositions(
        RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records,
        Map<TopicPartition, Long> passed) {
      this.records = records;
      rest = passed.entrySet().iterator();
    }

    @Override
    public String nextSplit() {
      if (!recordsAreRead) {
        String split = records.nextSplit();
        if (split != null) {
          return split;
        }
        recordsAreRead = true;
      }
      if (!rest.hasNext()) {
        return null;
      }
      Map.Entry<TopicPartition, Long> entry = rest.next();
      next = Optional.of(new Passed(entry.getKey(), entry.getValue()));
      return KafkaPartitionSplit.toSplitId(entry.getKey());
    }

    @Override
    public ConsumerRecord<byte[], byte[]> nextRecordFromSplit() {
      if (!recordsAreRead) {
        return records.nextRecordFromSplit();
      }
      ConsumerRecord<byte[], byte[]> record = next.orElse(null);
      next = Optional.empty();
      return record;
    }

    @Override
    public Set<String> finishedSplits() {
      return records.finishedSplits();
    }

    @Override
    public void recycle() {
      records.recycle();
    }
  }
}
