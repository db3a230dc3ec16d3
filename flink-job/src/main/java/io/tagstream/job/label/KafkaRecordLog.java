package io.tagstream.job.label;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.source.IncomingRecords;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Properties;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads committed records of the topics of images by offset. Each partition is read forwards from
 * its lowest requested offset; a seek skips to the next one if it is far ahead.
 */
public final class KafkaRecordLog implements RecordLog {
  private static final long serialVersionUID = 1L;

  /** In offsets. A seek discards prefetched records; up to this distance reading on is cheaper. */
  private static final long MAX_READ_AHEAD = 8;

  /** Prefetches a few images only; a record larger than this is still returned, alone. */
  private static final Map<String, String> FETCHES =
      Map.of(
          ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, Integer.toString(1 << 20),
          ConsumerConfig.FETCH_MAX_BYTES_CONFIG, Integer.toString(4 << 20));

  private static final Duration CLOSING = Duration.ofSeconds(1);

  private final String clientId;
  private final Properties properties;
  private final Set<String> topics;

  public KafkaRecordLog(KafkaConnection connection, Topics topics, String jobName) {
    this.topics = Set.of(topics.images(), topics.labeledImages());
    properties = connection.consumerProperties();
    FETCHES.forEach(
        (key, value) -> {
          if (!connection.clientProperties().containsKey(key)) {
            properties.setProperty(key, value);
          }
        });
    // A deleted offset is a result (Missing); the consumer must not continue elsewhere.
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
    properties.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    clientId = Topics.consumerGroup(jobName) + "-labelled-";
  }

  @Override
  public Reader open(String name) {
    Properties own = new Properties();
    own.putAll(properties);
    own.setProperty(ConsumerConfig.CLIENT_ID_CONFIG, clientId + name);
    return new KafkaReader(
        new KafkaConsumer<>(own, new ByteArrayDeserializer(), new ByteArrayDeserializer()), topics);
  }

  private static final class KafkaReader implements Reader {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Set<String> topics;

    /** Partitions known to exist; the topic is listed again when a place names another one. */
    private final Set<TopicPartition> partitions = new HashSet<>();

    /**
     * The offset after the last committed record. It only grows, so a record below it exists or was
     * deleted.
     */
    private final Map<TopicPartition, Long> ends = new HashMap<>();

    /** Partitions in which records were deleted since their beginnings were read. */
    private final Set<TopicPartition> outOfRange = new HashSet<>();

    /** The consumer's next offset by partition; no entry where it is unknown. */
    private final Map<TopicPartition, Long> positions = new HashMap<>();

    KafkaReader(KafkaConsumer<byte[], byte[]> consumer, Set<String> topics) {
      this.consumer = consumer;
      this.topics = topics;
    }

    @Override
    public List<ReadResult> read(SortedSet<Coordinates> places, Duration patience) {
      List<ReadResult> results = new ArrayList<>();
      try {
        Map<TopicPartition, NavigableSet<Long>> wanted = byPartition(places, results, patience);
        removeBeyondBounds(wanted, results, patience);
        if (results.isEmpty() && !wanted.isEmpty()) {
          poll(wanted, results, patience);
        }
      } catch (WakeupException | RetriableException e) {
        // The caller reads again, or its ReadTimeout fails the job.
      }
      return results;
    }

    @Override
    public boolean isThere(SortedSet<Coordinates> places, Duration patience) {
      Set<TopicPartition> queried =
          places.stream()
              .map(place -> new TopicPartition(place.topic(), place.partition()))
              .collect(Collectors.toSet());
      try {
        return consumer.beginningOffsets(queried, patience).keySet().containsAll(queried);
      } catch (WakeupException | RetriableException e) {
        return false;
      }
    }

    private Map<TopicPartition, NavigableSet<Long>> byPartition(
        SortedSet<Coordinates> places, List<ReadResult> results, Duration patience) {
      Map<TopicPartition, NavigableSet<Long>> wanted = new HashMap<>();
      for (Coordinates place : places) {
        if (!topics.contains(place.topic())) {
          results.add(new Missing(place, "is not on a topic of images"));
          continue;
        }
        if (place.offset() < 0) {
          results.add(new Missing(place, "is no offset"));
          continue;
        }
        TopicPartition partition = new TopicPartition(place.topic(), place.partition());
        if (!exists(partition, patience)) {
          results.add(new Missing(place, "is in a partition that does not exist"));
          continue;
        }
        wanted.computeIfAbsent(partition, first -> new TreeSet<>()).add(place.offset());
      }
      return wanted;
    }

    private boolean exists(TopicPartition partition, Duration patience) {
      if (!partitions.contains(partition)) {
        // Not partitionsFor(), which may return metadata that is minutes old.
        consumer.listTopics(patience).getOrDefault(partition.topic(), List.of()).stream()
            .map(info -> new TopicPartition(info.topic(), info.partition()))
            .forEach(partitions::add);
      }
      return partitions.contains(partition);
    }

    private void removeBeyondBounds(
        Map<TopicPartition, NavigableSet<Long>> wanted,
        List<ReadResult> results,
        Duration patience) {
      Set<TopicPartition> unsure =
          wanted.entrySet().stream()
              .filter(
                  entry ->
                      outOfRange.contains(entry.getKey())
                          || entry.getValue().last() >= ends.getOrDefault(entry.getKey(), -1L))
              .map(Map.Entry::getKey)
              .collect(Collectors.toSet());
      if (unsure.isEmpty()) {
        return;
      }
      Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(unsure, patience);
      ends.putAll(consumer.endOffsets(unsure, patience));
      outOfRange.removeAll(unsure);
      for (TopicPartition partition : unsure) {
        NavigableSet<Long> offsets = wanted.get(partition);
        long beginning = beginnings.get(partition);
        long end = ends.get(partition);
        NavigableSet<Long> deleted = offsets.headSet(beginning, false);
        NavigableSet<Long> beyondEnd = offsets.tailSet(end, true);
        deleted.forEach(
            offset ->
                results.add(
                    new Missing(
                        at(partition, offset),
                        "was deleted: the partition begins at %d".formatted(beginning))));
        beyondEnd.forEach(
            offset ->
                results.add(
                    new Missing(
                        at(partition, offset),
                        "is beyond the committed records, which end before %d".formatted(end))));
      }
    }

    private void poll(
        Map<TopicPartition, NavigableSet<Long>> wanted,
        List<ReadResult> results,
        Duration patience) {
      position(wanted);
      ConsumerRecords<byte[], byte[]> records;
      try {
        records = consumer.poll(patience);
      } catch (OffsetOutOfRangeException e) {
        outOfRange.addAll(e.offsetOutOfRangePartitions().keySet());
        positions.keySet().removeAll(e.offsetOutOfRangePartitions().keySet());
        return;
      }
      for (Map.Entry<TopicPartition, NavigableSet<Long>> entry : wanted.entrySet()) {
        TopicPartition partition = entry.getKey();
        NavigableSet<Long> offsets = entry.getValue();
        for (ConsumerRecord<byte[], byte[]> record : records.records(partition)) {
          if (offsets.remove(record.offset())) {
            results.add(
                new Found(at(partition, record.offset()), IncomingRecords.incoming(record)));
          }
        }
        positions.remove(partition);
        long position = consumer.position(partition, patience);
        positions.put(partition, position);
        // A skipped offset is a transaction marker, an aborted record, or compacted away.
        for (long offset : offsets.headSet(position, false)) {
          results.add(new Missing(at(partition, offset), "holds no committed record"));
        }
      }
    }

    private void position(Map<TopicPartition, NavigableSet<Long>> wanted) {
      Set<TopicPartition> assigned = new HashSet<>(consumer.assignment());
      if (assigned.addAll(wanted.keySet())) {
        consumer.assign(assigned);
      }
      wanted.forEach(
          (partition, offsets) -> {
            long next = offsets.first();
            long ahead = next - positions.getOrDefault(partition, Long.MAX_VALUE);
            if (ahead < 0 || ahead > MAX_READ_AHEAD) {
              consumer.seek(partition, next);
              positions.put(partition, next);
            }
          });
      // A paused partition keeps its prefetched records and fetches no more.
      assigned.removeAll(wanted.keySet());
      consumer.pause(assigned);
      consumer.resume(wanted.keySet());
    }

    private static Coordinates at(TopicPartition partition, long offset) {
      return new Coordinates(partition.topic(), partition.partition(), offset);
    }

    @Override
    public void wakeup() {
      consumer.wakeup();
    }

    @Override
    public void close() {
      consumer.close(CloseOptions.timeout(CLOSING));
    }
  }
}
