package io.tagstream.job.snapshot;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.UserException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * The offsets that earlier runs of a job committed to a Kafka cluster.
 *
 * @param group the job's consumer group
 * @param committed its offsets as text, which is equal as long as no run commits others
 */
public record EarlierRun(String group, String committed) {

  /**
   * Reads the committed offsets from Kafka.
   *
   * @param inputs the topics that the job reads
   * @return empty if no job of this name has committed offsets of these topics
   */
  public static Optional<EarlierRun> of(
      KafkaConnection connection, String jobName, Collection<String> inputs) {
    String group = Topics.consumerGroup(jobName);
    TreeMap<String, Long> offsets = new TreeMap<>();
    committed(connection, group)
        .forEach(
            (partition, offset) -> {
              // Kafka returns null for partitions without a committed offset.
              if (offset != null && inputs.contains(partition.topic())) {
                offsets.put(partition.toString(), offset.offset());
              }
            });
    return offsets.isEmpty()
        ? Optional.empty()
        : Optional.of(new EarlierRun(group, offsets.toString()));
  }

  private static Map<TopicPartition, OffsetAndMetadata> committed(
      KafkaConnection connection, String group) {
    try (Admin admin = connection.admin()) {
      return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return Map.of();
      }
      throw new UserException(
          "cannot read the offsets of consumer group %s: %s; the job needs DESCRIBE on it"
              .formatted(group, e.getCause().getMessage()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException(
          "interrupted while reading the offsets of consumer group " + group, e);
    }
  }
}
