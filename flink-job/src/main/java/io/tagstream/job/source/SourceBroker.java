package io.tagstream.job.source;

import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * The guard's queries to the Kafka cluster of the sources. While no broker answers, each query
 * fails with Kafka's {@link org.apache.kafka.common.errors.TimeoutException} as its cause.
 */
public interface SourceBroker extends Serializable, AutoCloseable {

  /** The id of the Kafka cluster. */
  String clusterId() throws Exception;

  /** The offsets after the last records, committed or not; a missing partition has no entry. */
  Map<TopicPartition, Long> latest(Set<TopicPartition> partitions) throws Exception;

  /**
   * Kafka's ids of topics by topic; a recreated topic has a new id. A missing topic has no entry,
   * nor has any topic on a broker without topic ids.
   */
  Map<String, String> topicIds(Set<String> topics) throws Exception;

  /** Closes the connection; a later query opens a new one. */
  @Override
  void close();
}
