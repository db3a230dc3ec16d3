package io.tagstream.job.source;

import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * What the guard asks the cluster that the records come from. Each question fails with Kafka's
 * {@link org.apache.kafka.common.errors.TimeoutException} as its cause while no broker answers.
 */
public interface SourceBroker extends Serializable, AutoCloseable {

  /** The Kafka cluster's own id. */
  String clusterId() throws Exception;

  /** Offsets after the last record, committed or not; none of a missing partition. */
  Map<TopicPartition, Long> latest(Set<TopicPartition> partitions) throws Exception;

  /**
   * Kafka's ids of topics, which a topic that is deleted and made again does not keep; none of a
   * missing topic, nor from a broker that gives none.
   */
  Map<String, String> topicIds(Set<String> topics) throws Exception;

  /** Lets go of the connection; a later question takes a new one. */
  @Override
  void close();
}
