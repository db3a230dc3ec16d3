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
 * Progress of a job on its topics.
 *
 * @param job the job's name, which determines its consumer group
 * @param started whether the job has ever committed an offset
 * @param lag records that the job has not read yet, by topic; all records of a partition where it
 *     has not committed
 * @param rejected number of rejections, by stage; contains every known stage
 * @param open the oldest open transaction on the outputs
 */
record StreamStatus(
    String job, boolean started, Map<String, Long> lag, Map<String, Long> rejected, Open open) {

  /**
   * The oldest open transaction.
   *
   * @param unknown why it could not be determined
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
   * @param ends the end offset of each partition
   * @param beginnings the first offset that each partition still has
   * @param committed the offsets that the job's group committed, without partitions where it did
   *     not commit
   */
  static Map<String, Long> lag(
      Map<TopicPartition, Long> ends,
      Map<TopicPartition, Long> beginnings,
      Map<TopicPartition, Long> committed) {
    Map<String, Long> lag = new TreeMap<>();
    ends.forEach(
        (partition, end) -> {
          long beginning = beginnings.getOrDefault(partition, 0L);
          // Records that were deleted before the job read them do not count.
          long next = Math.max(committed.getOrDefault(partition, beginning), beginning);
          lag.merge(partition.topic(), Math.max(end - next, 0), Long::sum);
        });
    return lag;
  }

  /** Counts rejections by {@link io.tagstream.schemas.Rejection#getStage()}. */
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

  /** A summary of the rejections: {@code 21 (decode 20, avro 1)}. */
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
