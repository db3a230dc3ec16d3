package io.tagstream.job.retag;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.UserException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Reads the offsets that a job has committed; records after them may not be processed yet. */
final class CommittedOffsets {
  private CommittedOffsets() {}

  /** The committed offsets by partition of a topic; no entry for a partition without one. */
  static Map<Integer, Long> of(KafkaConnection connection, String jobName, String topic) {
    Map<Integer, Long> offsets = new HashMap<>();
    try (Admin admin = connection.admin()) {
      admin
          .listConsumerGroupOffsets(Topics.consumerGroup(jobName))
          .partitionsToOffsetAndMetadata()
          .get()
          .forEach(
              (partition, committed) -> {
                if (committed != null && partition.topic().equals(topic)) {
                  offsets.put(partition.partition(), committed.offset());
                }
              });
      return offsets;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return offsets;
      }
      throw new UserException(
          "cannot read the committed offsets of job %s: %s"
              .formatted(jobName, e.getCause().getMessage()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException(
          "interrupted while reading the committed offsets of job %s".formatted(jobName), e);
    }
  }
}
