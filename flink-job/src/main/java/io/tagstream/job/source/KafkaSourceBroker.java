package io.tagstream.job.source;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Asks Kafka, with a client of its own per question: they come at starts only.
 *
 * @param properties an admin client's
 */
public record KafkaSourceBroker(Properties properties) implements SourceBroker {

  @Override
  public String clusterId() throws Exception {
    try (Admin admin = Admin.create(properties)) {
      return admin.describeCluster().clusterId().get();
    }
  }

  @Override
  public Map<TopicPartition, Long> earliest(Set<TopicPartition> partitions) throws Exception {
    try (Admin admin = Admin.create(properties)) {
      ListOffsetsResult answers =
          admin.listOffsets(
              partitions.stream()
                  .collect(
                      Collectors.toMap(
                          partition -> partition, partition -> OffsetSpec.earliest())));
      Map<TopicPartition, Long> earliest = new HashMap<>();
      for (TopicPartition partition : partitions) {
        try {
          earliest.put(partition, answers.partitionResult(partition).get().offset());
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
            throw e;
          }
        }
      }
      return earliest;
    }
  }
}
