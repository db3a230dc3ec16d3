package io.tagstream.consumers;

import java.util.Collection;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;

/** Which partitions there are. */
final class TopicPartitions {
  private TopicPartitions() {}

  /** All of some topics. */
  static List<TopicPartition> of(Admin admin, Collection<String> topics) {
    return BrokerAnswer.of(admin.describeTopics(topics).allTopicNames()).values().stream()
        .flatMap(
            topic ->
                topic.partitions().stream()
                    .map(partition -> new TopicPartition(topic.name(), partition.partition())))
        .toList();
  }
}
