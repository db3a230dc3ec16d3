package io.tagstream.job.retag;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * Ranges of offsets of a topic, one for each partition; none is empty, and none was deleted when it
 * was resolved.
 *
 * @param byPartition the range to read of each partition
 */
record OffsetRanges(String topic, Map<Integer, Range> byPartition) implements Serializable {
  private static final Pattern ENTRY = Pattern.compile("(\\d{1,9}):(\\d{1,18})");

  /**
   * @param from the first offset
   * @param to the offset after the last
   */
  record Range(long from, long to) implements Serializable {
    boolean contains(long offset) {
      return from <= offset && offset < to;
    }
  }

  OffsetRanges {
    byPartition = Map.copyOf(byPartition);
  }

  /**
   * Parses {@code PARTITION:OFFSET,PARTITION:OFFSET}.
   *
   * @param option the option's name, for the error message
   */
  static Map<Integer, Long> parse(String option, String text) {
    Map<Integer, Long> offsets = new TreeMap<>();
    for (String entry : text.split(",", -1)) {
      Matcher matcher = ENTRY.matcher(entry.strip());
      if (!matcher.matches()) {
        throw new UsageException(
            "%s expects PARTITION:OFFSET,PARTITION:OFFSET such as 0:1200,1:980, not '%s'"
                .formatted(option, text));
      }
      int partition = Integer.parseInt(matcher.group(1));
      if (offsets.put(partition, Long.parseLong(matcher.group(2))) != null) {
        throw new UsageException("%s names partition %d twice".formatted(option, partition));
      }
    }
    return offsets;
  }

  /**
   * Checks the requested offsets against those of the topic.
   *
   * @param from first offsets by partition; other partitions are not read
   * @param to the offset after the last by partition; without an entry, the current end of the
   *     committed records
   * @throws UserException when a partition does not exist, or records of a range do not
   */
  static OffsetRanges resolve(
      KafkaConnection connection, String topic, Map<Integer, Long> from, Map<Integer, Long> to) {
    for (Integer partition : to.keySet()) {
      if (!from.containsKey(partition)) {
        throw new UsageException(
            "--to-offsets names partition %d, --from-offsets does not".formatted(partition));
      }
    }
    Map<Integer, Long> earliest;
    Map<Integer, Long> end;
    try (Admin admin = connection.admin()) {
      Set<Integer> partitions = partitions(admin, topic);
      for (Integer partition : from.keySet()) {
        if (!partitions.contains(partition)) {
          throw new UserException(
              "%s has no partition %d; its partitions are 0 to %d"
                  .formatted(topic, partition, partitions.size() - 1));
        }
      }
      earliest = offsets(admin, topic, from.keySet(), OffsetSpec.earliest());
      end = offsets(admin, topic, from.keySet(), OffsetSpec.latest());
    } catch (ExecutionException e) {
      throw new UserException(
          "cannot read the offsets of %s: %s".formatted(topic, e.getCause().getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while reading the offsets of " + topic, e);
    }
    Map<Integer, Range> ranges = new HashMap<>();
    for (Entry<Integer, Long> entry : from.entrySet()) {
      int partition = entry.getKey();
      long first = entry.getValue();
      long last = to.getOrDefault(partition, end.get(partition));
      requireThere(topic, partition, first, last, earliest.get(partition), end.get(partition));
      if (first < last) {
        ranges.put(partition, new Range(first, last));
      }
    }
    return new OffsetRanges(topic, ranges);
  }

  private static void requireThere(
      String topic, int partition, long first, long last, long earliest, long end) {
    if (first < earliest) {
      throw new UserException(
          "%1$s-%2$d begins at offset %3$d, because the records from offset %4$d on were deleted; begin at offset %3$d or later"
              .formatted(topic, partition, earliest, first));
    }
    if (first > end || last > end) {
      throw new UserException(
          "%s-%d ends at offset %d, before the requested offset %d"
              .formatted(topic, partition, end, Math.max(first, last)));
    }
    if (last < first) {
      throw new UsageException(
          "the range of partition %d ends at offset %d, before its beginning at %d"
              .formatted(partition, last, first));
    }
  }

  private static Set<Integer> partitions(Admin admin, String topic)
      throws ExecutionException, InterruptedException {
    return admin
        .describeTopics(Set.of(topic))
        .topicNameValues()
        .get(topic)
        .get()
        .partitions()
        .stream()
        .map(info -> info.partition())
        .collect(Collectors.toSet());
  }

  private static Map<Integer, Long> offsets(
      Admin admin, String topic, Set<Integer> partitions, OffsetSpec which)
      throws ExecutionException, InterruptedException {
    var answers =
        admin.listOffsets(
            partitions.stream()
                .collect(
                    Collectors.toMap(
                        partition -> new TopicPartition(topic, partition), partition -> which)),
            new ListOffsetsOptions(IsolationLevel.READ_COMMITTED));
    Map<Integer, Long> offsets = new HashMap<>();
    for (Integer partition : partitions) {
      offsets.put(
          partition, answers.partitionResult(new TopicPartition(topic, partition)).get().offset());
    }
    return offsets;
  }

  boolean contains(Coordinates record) {
    return record.topic().equals(topic)
        && byPartition.containsKey(record.partition())
        && byPartition.get(record.partition()).contains(record.offset());
  }

  /** The number of offsets, including those that hold no record. */
  long size() {
    return byPartition.values().stream().mapToLong(range -> range.to() - range.from()).sum();
  }

  Map<TopicPartition, Long> begins() {
    return offsets(Range::from);
  }

  /** Exclusive. */
  Map<TopicPartition, Long> ends() {
    return offsets(Range::to);
  }

  private Map<TopicPartition, Long> offsets(Function<Range, Long> which) {
    return byPartition.entrySet().stream()
        .collect(
            Collectors.toMap(
                entry -> new TopicPartition(topic, entry.getKey()),
                entry -> which.apply(entry.getValue())));
  }
}
