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
 * Where a consumer stands beyond the last record that it gave: what it passed over were ends of
 * transactions and aborted records. The connector keeps the offset after the last record, and would
 * look there for records when those offsets have been deleted. For the thread that polls.
 */
final class Positions {

  /** Says the next offset of a partition and is no record; its own offset is the one before. */
  static final class Passed extends ConsumerRecord<byte[], byte[]> {
    private Passed(TopicPartition partition, long next) {
      super(partition.topic(), partition.partition(), next - 1, null, null);
    }
  }

  private final Map<TopicPartition, Long> passed = new HashMap<>();

  /** A poll's answer. */
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

  /** A partition is read from an offset on, of which no record says so yet. */
  void begin(TopicPartition partition, long next) {
    passed.put(partition, next);
  }

  /** Nothing was passed since the last call of {@link #behind}. */
  boolean areTold() {
    return passed.isEmpty();
  }

  /** A poll's records, and behind them what was passed since the last call. */
  RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> behind(
      RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records) {
    if (passed.isEmpty()) {
      return records;
    }
    Map<TopicPartition, Long> behind = Map.copyOf(passed);
    passed.clear();
    return new Behind(records, behind);
  }

  private static final class Behind implements RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> {
    private final RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records;
    private final Iterator<Map.Entry<TopicPartition, Long>> rest;
    private boolean recordsAreRead;
    private Optional<ConsumerRecord<byte[], byte[]>> next = Optional.empty();

    Behind(
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
