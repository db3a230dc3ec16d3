package io.tagstream.job.source;

import io.tagstream.settings.UserException;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.common.TopicPartition;

/** The failures of reading that no restart repairs, with their messages. */
final class Refusals {
  private Refusals() {}

  static SuppressRestartsException anotherCluster(String known, String current) {
    return refusal(
        "the snapshot is of Kafka cluster %s, this is %s: its offsets mean nothing here; use the other --bootstrap-server, or --fresh, which does not guarantee exactly once"
            .formatted(known, current));
  }

  /**
   * Ends the job if a topic's id has changed. A topic without an id on either side is not compared.
   */
  static void requireSameTopics(Map<String, String> known, Map<String, String> current)
      throws SuppressRestartsException {
    for (Map.Entry<String, String> entry : new TreeMap<>(known).entrySet()) {
      String topic = entry.getKey();
      String id = current.getOrDefault(topic, entry.getValue());
      if (!id.equals(entry.getValue())) {
        throw refusal(
            "topic %s was deleted and recreated: its id was %s and is %s, so the offsets up to which it was read mean nothing; start the job with --fresh, which reads the new topic from its beginning and does not guarantee exactly once"
                .formatted(topic, entry.getValue(), id));
      }
    }
  }

  /**
   * @param partitions each with the next offset to read and where it ends
   */
  static SuppressRestartsException beyondTheEnd(Collection<String> partitions) {
    return refusal(
        "%s: records that were read are gone, and other records will get their offsets; start the job with --fresh, which does not guarantee exactly once"
            .formatted(String.join(", ", partitions)));
  }

  /** Describes a partition for {@link #beyondTheEnd}. */
  static String end(TopicPartition partition, long next, long end) {
    return "%s was read up to offset %d and ends at %d".formatted(partition, next, end);
  }

  /**
   * @param lost partitions, each with its missing offsets
   */
  static SuppressRestartsException deletedUnread(Collection<String> lost) {
    return refusal(
        "records were deleted before they were read: %s (a producer's transaction marker has an offset too, and is not a record); --accept-loss continues without them"
            .formatted(String.join(", ", lost)));
  }

  private static SuppressRestartsException refusal(String message) {
    return new SuppressRestartsException(new UserException(message));
  }
}
