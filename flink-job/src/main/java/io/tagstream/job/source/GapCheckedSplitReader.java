package io.tagstream.job.source;

import io.tagstream.job.metrics.JobMetrics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads Kafka partitions and ends the job if the next offset was deleted, instead of continuing
 * with the oldest remaining one. The consumer itself reports this: it never resets its position. It
 * still returns records fetched before the deletion, and it has already passed offsets without
 * committed records (see {@link Positions}), so the reported range is exactly what was not read.
 *
 * <p>Each committed offset carries its topic's id, so a start without a snapshot ignores offsets of
 * a deleted topic. The starting offsets are requested between two polls, repeatedly while Kafka is
 * unavailable; the sinks limit for how long.
 */
final class GapCheckedSplitReader extends KafkaPartitionSplitReader {
  private static final Logger LOG = LoggerFactory.getLogger(GapCheckedSplitReader.class);
  private static final String TOPIC_ID = "topic-id=";
  private static final RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> NOTHING =
      new RecordsBySplits<>(Map.of(), Set.of());

  private final Positions positions;
  private final String group;
  private final KafkaSourceBroker broker;
  private final boolean acceptLoss;
  private final JobMetrics.Reading metrics;

  /**
   * Splits that are not assigned to the consumer yet, because their starting offsets are not known.
   */
  private final List<KafkaPartitionSplit> waiting = new ArrayList<>();

  /** Topic ids by topic, as of when reading began. */
  private final Map<String, String> topicIds = new HashMap<>();

  /**
   * Partitions that are read from their oldest record and have not been polled yet: the oldest
   * offset may change until then.
   */
  private final Set<TopicPartition> beginning = new HashSet<>();

  private GapCheckedSplitReader(
      Positions positions,
      Properties consumer,
      SourceReaderContext context,
      KafkaSourceReaderMetrics kafkaMetrics,
      KafkaSourceBroker broker,
      boolean acceptLoss) {
    super(PositionInterceptor.reportingTo(positions, consumer), context, kafkaMetrics);
    this.positions = positions;
    this.group = consumer.getProperty(ConsumerConfig.GROUP_ID_CONFIG);
    this.broker = broker;
    this.acceptLoss = acceptLoss;
    this.metrics = new JobMetrics.Reading(context.metricGroup());
  }

  /**
   * @param consumer consumer properties with the offset reset policy {@code none}
   * @param broker closed with the reader
   * @param acceptLoss whether a gap is only a warning
   */
  static GapCheckedSplitReader open(
      Properties consumer,
      SourceReaderContext context,
      KafkaSourceReaderMetrics kafkaMetrics,
      KafkaSourceBroker broker,
      boolean acceptLoss) {
    return new GapCheckedSplitReader(
        new Positions(), consumer, context, kafkaMetrics, broker, acceptLoss);
  }

  @Override
  public void handleSplitsChanges(SplitsChange<KafkaPartitionSplit> change) {
    waiting.addAll(change.splits());
  }

  @Override
  public RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> fetch() throws IOException {
    if (!waiting.isEmpty()) {
      answer(this::starts).ifPresent(this::begin);
    }
    RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records = NOTHING;
    // Starting positions are emitted before a poll that may wait for records.
    if (positions.areEmitted()) {
      try {
        records = super.fetch();
        beginning.clear();
      } catch (OffsetOutOfRangeException e) {
        // The failed poll returned no records. If Kafka does not answer now, the next poll fails
        // again.
        answer(() -> bounds(e.offsetOutOfRangePartitions().keySet()))
            .ifPresent(bounds -> judge(e, bounds));
      }
    }
    return positions.behind(records);
  }

  /** Empty while no broker answers. */
  private static <T> Optional<T> answer(Callable<T> question) {
    try {
      return Optional.of(question.call());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking Kafka for offsets", e);
    } catch (Exception e) {
      if (ExceptionUtils.findThrowable(e, TimeoutException.class).isEmpty()) {
        throw new IllegalStateException("cannot read offsets from Kafka", e);
      }
      LOG.warn("Kafka does not answer a request for the partitions' offsets");
      return Optional.empty();
    }
  }

  private static Set<String> topics(Set<TopicPartition> partitions) {
    return partitions.stream().map(TopicPartition::topic).collect(Collectors.toSet());
  }

  private record Bounds(
      Map<String, String> topicIds,
      Map<TopicPartition, Long> earliest,
      Map<TopicPartition, Long> latest) {}

  private Bounds bounds(Set<TopicPartition> partitions) throws Exception {
    return new Bounds(
        broker.topicIds(topics(partitions)),
        broker.earliest(partitions),
        broker.latest(partitions));
  }

  private record Starts(Bounds bounds, Map<TopicPartition, OffsetAndMetadata> committed) {}

  /** The starting offsets of the waiting splits. */
  private Starts starts() throws Exception {
    Set<TopicPartition> asked = partitions(split -> split.getStartingOffset() < 0);
    // The ids first: if a topic is recreated in between, its offsets must not be taken for the old
    // one's.
    Bounds bounds =
        new Bounds(
            broker.topicIds(topics(partitions(split -> true))),
            broker.earliest(asked),
            broker.latest(asked));
    return new Starts(
        bounds,
        broker.committed(
            group,
            partitions(
                split -> split.getStartingOffset() == KafkaPartitionSplit.COMMITTED_OFFSET)));
  }

  private Set<TopicPartition> partitions(Predicate<KafkaPartitionSplit> which) {
    return waiting.stream()
        .filter(which)
        .map(KafkaPartitionSplit::getTopicPartition)
        .collect(Collectors.toSet());
  }

  private void begin(Starts starts) {
    Refusals.requireSameTopics(topicIds, starts.bounds().topicIds());
    topicIds.putAll(starts.bounds().topicIds());
    List<KafkaPartitionSplit> placed = new ArrayList<>();
    for (KafkaPartitionSplit split : waiting) {
      TopicPartition partition = split.getTopicPartition();
      if (split.getStartingOffset() >= 0) {
        placed.add(split);
      } else {
        long start = start(split, starts);
        placed.add(new KafkaPartitionSplit(partition, start));
        positions.begin(partition, start);
      }
    }
    super.handleSplitsChanges(new SplitsAddition<>(placed));
    waiting.clear();
  }

  /** The starting offset of a split that names none. */
  private long start(KafkaPartitionSplit split, Starts starts) {
    TopicPartition partition = split.getTopicPartition();
    if (!starts.bounds().earliest().containsKey(partition)) {
      throw new IllegalStateException("%s no longer exists".formatted(partition));
    }
    Optional<Long> committed =
        Optional.ofNullable(starts.committed().get(partition))
            .filter(offset -> stillMeans(partition, offset, starts.bounds()))
            .map(OffsetAndMetadata::offset);
    if (committed.isEmpty()) {
      beginning.add(partition);
    }
    return committed.orElseGet(() -> starts.bounds().earliest().get(partition));
  }

  private boolean stillMeans(TopicPartition partition, OffsetAndMetadata committed, Bounds bounds) {
    String then = committed.metadata();
    boolean anotherTopic =
        then.startsWith(TOPIC_ID)
            && topicIds.containsKey(partition.topic())
            && !then.equals(TOPIC_ID + topicIds.get(partition.topic()));
    if (anotherTopic || committed.offset() > bounds.latest().get(partition)) {
      LOG.warn(
          "The committed offset {} of {} refers to deleted records, as after a topic was deleted"
              + " and recreated: reading from the earliest offset",
          committed.offset(),
          partition);
      return false;
    }
    return true;
  }

  /**
   * Decides what offsets out of range mean: a gap, a truncated log, a recreated topic or a lagging
   * broker.
   */
  private void judge(OffsetOutOfRangeException failure, Bounds bounds) {
    Refusals.requireSameTopics(topicIds, bounds.topicIds());
    List<String> lost = new ArrayList<>();
    List<String> beyond = new ArrayList<>();
    List<KafkaPartitionSplit> moved = new ArrayList<>();
    long count = 0;
    Map<String, Map.Entry<TopicPartition, Long>> sorted = new TreeMap<>();
    failure
        .offsetOutOfRangePartitions()
        .entrySet()
        .forEach(entry -> sorted.put(entry.getKey().toString(), entry));
    for (Map.Entry<TopicPartition, Long> entry : sorted.values()) {
      TopicPartition partition = entry.getKey();
      long position = entry.getValue();
      long oldest = bounds.earliest().getOrDefault(partition, position);
      long end = bounds.latest().getOrDefault(partition, position);
      if (end < position) {
        beyond.add(Refusals.end(partition, position, end));
      } else if (failure instanceof LogTruncationException) {
        beyond.add(
            "%s was read up to offset %d and was truncated before it"
                .formatted(partition, position));
      } else if (oldest > position) {
        moved.add(new KafkaPartitionSplit(partition, oldest));
        if (!beginning.contains(partition)) {
          lost.add("%s offsets %d to %d".formatted(partition, position, oldest - 1));
          count += oldest - position;
        }
      }
      // Otherwise a broker lagged behind temporarily, and the next poll tries again.
    }
    if (!beyond.isEmpty()) {
      throw Refusals.beyondTheEnd(beyond);
    }
    if (!lost.isEmpty()) {
      metrics.deletedUnread(count);
      if (!acceptLoss) {
        throw Refusals.deletedUnread(lost);
      }
      LOG.warn(
          "Continuing without records that were deleted before they were read: {}",
          String.join(", ", lost));
    }
    if (!moved.isEmpty()) {
      super.handleSplitsChanges(new SplitsAddition<>(moved));
      moved.forEach(split -> positions.begin(split.getTopicPartition(), split.getStartingOffset()));
    }
  }

  @Override
  public void notifyCheckpointComplete(
      Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
    if (partitions(split -> true).stream().anyMatch(offsets::containsKey)) {
      // The connector's metrics do not contain the partition of a waiting split.
      callback.onComplete(
          offsets,
          new TimeoutException(
              "Kafka has not answered the request for the partitions' offsets yet"));
      return;
    }
    Map<TopicPartition, OffsetAndMetadata> noted = new HashMap<>();
    offsets.forEach(
        (partition, offset) ->
            noted.put(
                partition,
                Optional.ofNullable(topicIds.get(partition.topic()))
                    .map(id -> new OffsetAndMetadata(offset.offset(), TOPIC_ID + id))
                    .orElse(offset)));
    super.notifyCheckpointComplete(noted, callback);
  }

  @Override
  public void close() {
    broker.close();
    try {
      super.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("cannot close the consumer", e);
    }
  }
}
