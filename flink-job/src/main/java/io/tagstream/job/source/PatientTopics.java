package io.tagstream.job.source;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.flink.connector.kafka.source.enumerator.subscriber.KafkaSubscriber;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Discovers the partitions of some topics and waits while Kafka does not answer; the connector's
 * subscriber would fail the job at each discovery. The sinks limit how long an outage may last.
 */
final class PatientTopics implements KafkaSubscriber {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(PatientTopics.class);

  /** Short, because closing the source waits for it. */
  private static final Duration QUERY_TIMEOUT = Duration.ofSeconds(5);

  private final List<String> topics;

  /** The partitions of the last discovery; empty before the first. */
  private final Set<TopicPartition> known = new HashSet<>();

  PatientTopics(String... topics) {
    this.topics = List.of(topics);
  }

  @Override
  public Set<TopicPartition> getSubscribedTopicPartitions(AdminClient admin) {
    while (true) {
      try {
        Set<TopicPartition> found = ask(admin);
        known.clear();
        known.addAll(found);
        return found;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TimeoutException)) {
          throw new IllegalStateException(
              "cannot discover the partitions of " + topics, e.getCause());
        }
        LOG.warn("Kafka does not answer a request for the partitions of {}", topics);
        if (!known.isEmpty()) {
          return Set.copyOf(known);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while discovering partitions", e);
      }
    }
  }

  private Set<TopicPartition> ask(AdminClient admin)
      throws ExecutionException, InterruptedException {
    return admin
        .describeTopics(
            topics, new DescribeTopicsOptions().timeoutMs((int) QUERY_TIMEOUT.toMillis()))
        .allTopicNames()
        .get()
        .values()
        .stream()
        .flatMap(
            topic ->
                topic.partitions().stream()
                    .map(info -> new TopicPartition(topic.name(), info.partition())))
        .collect(Collectors.toSet());
  }
}
