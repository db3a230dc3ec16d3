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
 * The partitions of some topics, for which a Kafka that does not answer is no failure: the
 * connector would fail the job at each look for new partitions. The sinks limit how long it waits.
 */
final class PatientTopics implements KafkaSubscriber {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(PatientTopics.class);

  /** Short, because the end of the source waits for it. */
  private static final Duration ONE_QUESTION = Duration.ofSeconds(5);

  private final List<String> topics;

  /** Those of the last look; empty before the first. */
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
          throw new IllegalStateException("cannot find the partitions of " + topics, e.getCause());
        }
        LOG.warn("Kafka does not say which partitions {} have", topics);
        if (!known.isEmpty()) {
          return Set.copyOf(known);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while looking for partitions", e);
      }
    }
  }

  private Set<TopicPartition> ask(AdminClient admin)
      throws ExecutionException, InterruptedException {
    return admin
        .describeTopics(
            topics, new DescribeTopicsOptions().timeoutMs((int) ONE_QUESTION.toMillis()))
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
