package io.tagstream.job;

import io.tagstream.job.source.SourceBroker;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** A Kafka cluster with given offsets and topics. */
public final class FakeBroker implements SourceBroker {
  private static final long serialVersionUID = 1L;

  private final String clusterId;
  private final Map<TopicPartition, Long> ends;
  private final Map<String, String> topicIds = new ConcurrentHashMap<>();
  private int silentQuestions;

  /**
   * @param ends the end offsets by partition
   */
  public FakeBroker(String clusterId, Map<TopicPartition, Long> ends) {
    this.clusterId = clusterId;
    this.ends = new HashMap<>(ends);
  }

  /** Sets the id of a topic. */
  public FakeBroker withTopic(String topic, String id) {
    topicIds.put(topic, id);
    return this;
  }

  /** Fails this many requests. */
  public FakeBroker silentFor(int questions) {
    silentQuestions = questions;
    return this;
  }

  private void answer() {
    if (silentQuestions > 0) {
      silentQuestions--;
      throw new TimeoutException("no answer");
    }
  }

  @Override
  public String clusterId() {
    answer();
    return clusterId;
  }

  @Override
  public Map<TopicPartition, Long> latest(Set<TopicPartition> partitions) {
    answer();
    Map<TopicPartition, Long> found = new HashMap<>(ends);
    found.keySet().retainAll(partitions);
    return found;
  }

  @Override
  public Map<String, String> topicIds(Set<String> topics) {
    answer();
    Map<String, String> found = new HashMap<>(topicIds);
    found.keySet().retainAll(topics);
    return found;
  }

  @Override
  public void close() {}
}
