package io.tagstream.job.source;

import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * What the job asks the cluster that its records come from. Each question fails with Kafka's {@link
 * org.apache.kafka.common.errors.TimeoutException} as its cause while no broker answers.
 */
public interface SourceBroker extends Serializable, AutoCloseable {

  /** The Kafka cluster's own id. */
  String clusterId() throws Exception;

  /** Offsets of the oldest record still there, or of the next one; none of a missing partition. */
  Map<TopicPartition, Long> earliest(Set<TopicPartition> partitions) throws Exception;

  /** Offsets after the last record, committed or not; none of a missing partition. */
  Map<TopicPartition, Long> latest(Set<TopicPartition> partitions) throws Exception;

  /**
   * Kafka's ids of topics, which a topic that is deleted and made again does not keep; none of a
   * missing topic, nor from a broker that gives none.
   */
  Map<String, String> topicIds(Set<String> topics) throws Exception;

  /** What a consumer group has committed; none of a partition without. */
  Map<TopicPartition, OffsetAndMetadata> committed(String group, Set<TopicPartition> partitions)
      throws Exception;

  /** Lets go of the connection; a later question takes a new one. */
  @Override
  void close();
}
