package io.tagstream.job.source;

import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/** What the guard asks the cluster that the records come from. */
public interface SourceBroker extends Serializable {

  /** The Kafka cluster's own id. */
  String clusterId() throws Exception;

  /** Offsets of the oldest record still there, or of the next one; none of a missing partition. */
  Map<TopicPartition, Long> earliest(Set<TopicPartition> partitions) throws Exception;
}
