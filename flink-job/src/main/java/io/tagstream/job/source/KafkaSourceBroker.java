package io.tagstream.job.source;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Queries Kafka with one admin client, which lives from the first query until {@link #close}. */
public final class KafkaSourceBroker implements SourceBroker {
  private static final long serialVersionUID = 1L;

  /** Short, because closing a source waits for it. */
  private static final int QUERY_TIMEOUT_MS = (int) Duration.ofSeconds(5).toMillis();

  private final Properties properties;

  private transient Admin admin;

  /**
   * @param properties an admin client's
   */
  public KafkaSourceBroker(Properties properties) {
    this.properties = properties;
  }

  private synchronized Admin admin() {
    if (admin == null) {
      admin = Admin.create(properties);
    }
    return admin;
  }

  @Override
  public String clusterId() throws Exception {
    return admin().describeCluster().clusterId().get();
  }

  /**
   * The offsets of the oldest remaining records, or of the next ones; a missing partition has no
   * entry.
   */
  Map<TopicPartition, Long> earliest(Set<TopicPartition> partitions) throws Exception {
    return offsets(partitions, OffsetSpec.earliest());
  }

  @Override
  public Map<TopicPartition, Long> latest(Set<TopicPartition> partitions) throws Exception {
    return offsets(partitions, OffsetSpec.latest());
  }

  private Map<TopicPartition, Long> offsets(Set<TopicPartition> partitions, OffsetSpec which)
      throws ExecutionException, InterruptedException {
    if (partitions.isEmpty()) {
      return Map.of();
    }
    ListOffsetsResult answers =
        admin()
            .listOffsets(
                partitions.stream()
                    .collect(Collectors.toMap(partition -> partition, partition -> which)),
                new ListOffsetsOptions().timeoutMs(QUERY_TIMEOUT_MS));
    Map<TopicPartition, Long> offsets = new HashMap<>();
    for (TopicPartition partition : partitions) {
      try {
        offsets.put(partition, answers.partitionResult(partition).get().offset());
      } catch (ExecutionException e) {
        rethrowUnlessUnknown(e);
      }
    }
    return offsets;
  }

  @Override
  public Map<String, String> topicIds(Set<String> topics) throws Exception {
    Map<String, String> ids = new HashMap<>();
    Map<String, KafkaFuture<TopicDescription>> answers =
        admin()
            .describeTopics(topics, new DescribeTopicsOptions().timeoutMs(QUERY_TIMEOUT_MS))
            .topicNameValues();
    for (Map.Entry<String, KafkaFuture<TopicDescription>> answer : answers.entrySet()) {
      try {
        Uuid id = answer.getValue().get().topicId();
        if (!id.equals(Uuid.ZERO_UUID)) {
          ids.put(answer.getKey(), id.toString());
        }
      } catch (ExecutionException e) {
        rethrowUnlessUnknown(e);
      }
    }
    return ids;
  }

  private static void rethrowUnlessUnknown(ExecutionException failure) throws ExecutionException {
    if (!(failure.getCause() instanceof UnknownTopicOrPartitionException)) {
      throw failure;
    }
  }

  /** A consumer group's committed offsets; a partition without one has no entry. */
  Map<TopicPartition, OffsetAndMetadata> committed(String group, Set<TopicPartition> partitions)
      throws Exception {
    if (partitions.isEmpty()) {
      return Map.of();
    }
    Map<TopicPartition, OffsetAndMetadata> committed =
        new HashMap<>(
            admin()
                .listConsumerGroupOffsets(
                    Map.of(
                        group,
                        new ListConsumerGroupOffsetsSpec()
                            .topicPartitions(List.copyOf(partitions))),
                    new ListConsumerGroupOffsetsOptions().timeoutMs(QUERY_TIMEOUT_MS))
                .partitionsToOffsetAndMetadata(group)
                .get());
    // Kafka returns null for partitions without a committed offset.
    committed.values().removeIf(offset -> offset == null);
    return committed;
  }

  @Override
  public synchronized void close() {
    if (admin != null) {
      // Nothing waits for a pending answer any more.
      admin.close(Duration.ZERO);
      admin = null;
    }
  }
}
