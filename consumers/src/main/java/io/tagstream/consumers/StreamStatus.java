package io.tagstream.consumers;

import io.tagstream.schemas.RejectionStage;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * How the stream stands.
 *
 * @param job the job's name, by which its consumer group is found
 * @param started whether the job has ever committed an offset
 * @param lag records that wait, by topic: all there are, where the job has not committed
 * @param rejected rejections there are, by stage; every known stage is there
 * @param open the oldest open transaction on the outputs
 */
record StreamStatus(
    String job, boolean started, Map<String, Long> lag, Map<String, Long> rejected, Open open) {

  /**
   * The oldest open transaction.
   *
   * @param unknown why it cannot be told
   */
  record Open(Optional<OpenTransaction> oldest, Optional<String> unknown) {
    String text(String job) {
      return unknown
          .map("unknown: "::concat)
          .or(() -> oldest.map(transaction -> transaction.text(job, Instant.now())))
          .orElse("none");
    }
  }

  StreamStatus {
    lag = Collections.unmodifiableMap(new TreeMap<>(lag));
    rejected = Collections.unmodifiableMap(new LinkedHashMap<>(rejected));
  }

  /**
   * Adds up the lag of each topic.
   *
   * @param ends where each partition ends
   * @param beginnings its first offset that is still there
   * @param committed what the job's group committed; partitions it never did are missing
   */
  static Map<String, Long> lag(
      Map<TopicPartition, Long> ends,
      Map<TopicPartition, Long> beginnings,
      Map<TopicPartition, Long> committed) {
    Map<String, Long> lag = new TreeMap<>();
    ends.forEach(
        (partition, end) -> {
          long beginning = beginnings.getOrDefault(partition, 0L);
          // What retention took before the job read it does not wait any more.
          long next = Math.max(committed.getOrDefault(partition, beginning), beginning);
          lag.merge(partition.topic(), Math.max(end - next, 0), Long::sum);
        });
    return lag;
  }

  /** Counts words of {@link io.tagstream.schemas.Rejection#getStage()}. */
  static final class StageCounts {
    private final Map<String, Long> counts = new LinkedHashMap<>();

    StageCounts() {
      for (RejectionStage stage : RejectionStage.values()) {
        counts.put(stage.word(), 0L);
      }
    }

    void add(String stage) {
      counts.merge(stage, 1L, Long::sum);
    }

    Map<String, Long> counts() {
      return counts;
    }
  }

  /** The rejections in a few words: {@code 21 (decode 20, avro 1)}. */
  String rejectedText() {
    long all = rejected.values().stream().mapToLong(Long::longValue).sum();
    Optional<String> stages =
        rejected.entrySet().stream()
            .filter(stage -> stage.getValue() > 0)
            .map(stage -> "%s %d".formatted(stage.getKey(), stage.getValue()))
            .reduce((left, right) -> left + ", " + right);
    return all + stages.map(" (%s)"::formatted).orElse("");
  }
}
