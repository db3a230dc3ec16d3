package io.tagstream.job;

import io.tagstream.job.source.SourceBroker;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/** A cluster whose oldest offsets are given. */
public record FakeBroker(String clusterId, Map<TopicPartition, Long> oldest)
    implements SourceBroker {

  public FakeBroker {
    oldest = new HashMap<>(oldest);
  }

  @Override
  public Map<TopicPartition, Long> earliest(Set<TopicPartition> partitions) {
    Map<TopicPartition, Long> found = new HashMap<>(oldest);
    found.keySet().retainAll(partitions);
    return found;
  }
}
