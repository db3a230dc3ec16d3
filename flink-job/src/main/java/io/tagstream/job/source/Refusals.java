package io.tagstream.job.source;

import io.tagstream.settings.UserException;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.common.TopicPartition;

/** Why a job does not read on: what no restart brings back. */
final class Refusals {
  private Refusals() {}

  static SuppressRestartsException anotherCluster(String known, String current) {
    return refusal(
        "the snapshot is of Kafka cluster %s, this is %s: its offsets mean nothing here; use the other --bootstrap-server, or --fresh, which gives up exactly once"
            .formatted(known, current));
  }

  /**
   * Ends the job when a topic has another id than before. What has none on either side is not
   * compared.
   */
  static void requireSameTopics(Map<String, String> known, Map<String, String> current)
      throws SuppressRestartsException {
    for (Map.Entry<String, String> entry : new TreeMap<>(known).entrySet()) {
      String topic = entry.getKey();
      String id = current.getOrDefault(topic, entry.getValue());
      if (!id.equals(entry.getValue())) {
        throw refusal(
            "topic %s was deleted and made again: its id was %s and is %s, so the offsets up to which it was read mean nothing; start the job with --fresh, which reads the new topic from its beginning and gives up exactly once"
                .formatted(topic, entry.getValue(), id));
      }
    }
  }

  /**
   * @param partitions each with the next offset to read and where it ends
   */
  static SuppressRestartsException beyondTheEnd(Collection<String> partitions) {
    return refusal(
        "%s: records that were read are gone, and others will get their offsets; start the job with --fresh, which gives up exactly once"
            .formatted(String.join(", ", partitions)));
  }

  /** For {@link #beyondTheEnd}. */
  static String end(TopicPartition partition, long next, long end) {
    return "%s was read up to offset %d and ends at %d".formatted(partition, next, end);
  }

  /**
   * @param lost partitions with what they lack
   */
  static SuppressRestartsException deletedUnread(Collection<String> lost) {
    return refusal(
        "records were deleted before they were read: %s (the end of a producer's transaction has an offset too, and is no record); --accept-loss continues without them"
            .formatted(String.join(", ", lost)));
  }

  private static SuppressRestartsException refusal(String message) {
    return new SuppressRestartsException(new UserException(message));
  }
}
