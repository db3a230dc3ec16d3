package io.tagstream.consumers;

import java.util.Collection;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;

/** Lists the partitions of topics. */
final class TopicPartitions {
  private TopicPartitions() {}

  static List<TopicPartition> of(Admin admin, Collection<String> topics) {
    return BrokerResponse.of(admin.describeTopics(topics).allTopicNames()).values().stream()
        .flatMap(
            topic ->
                topic.partitions().stream()
                    .map(partition -> new TopicPartition(topic.name(), partition.partition())))
        .toList();
  }
}
