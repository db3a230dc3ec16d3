package io.tagstream.job.retag;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.UserException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** How far a job has come: beyond, it has answers still to give. */
final class CommittedOffsets {
  private CommittedOffsets() {}

  /** By partition of a topic; none where the job has committed none. */
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
          "cannot ask how far job %s has come: %s".formatted(jobName, e.getCause().getMessage()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException(
          "interrupted while asking how far job %s has come".formatted(jobName), e);
    }
  }
}
