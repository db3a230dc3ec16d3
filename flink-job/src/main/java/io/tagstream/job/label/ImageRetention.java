package io.tagstream.job.label;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.settings.DataSize;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks {@code labels.retention} against the retention of the topic of images. */
public final class ImageRetention {
  private static final Logger LOG = LoggerFactory.getLogger(ImageRetention.class);
  private static final long UNLIMITED = -1;

  private ImageRetention() {}

  /**
   * Compares the two. A limit in bytes cannot be compared with a time in advance: the rate at which
   * it would delete too early is logged, and a warning names the partitions where it already
   * deleted images that labels may need.
   *
   * @throws UsageException when the topic's retention.ms is shorter than {@code wanted}
   * @throws UserException when the broker refuses to describe the topic
   */
  public static void check(KafkaConnection connection, String topic, Duration wanted) {
    try (Admin admin = connection.admin()) {
      ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
      Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
      limit(config, TopicConfig.RETENTION_MS_CONFIG)
          .map(Duration::ofMillis)
          .filter(kept -> kept.compareTo(wanted) < 0)
          .ifPresent(
              kept -> {
                throw new UsageException(
                    "labels.retention is %s, but the topic %s deletes its images after %s (retention.ms), so a late label would not find its image: lower labels.retention or raise retention.ms"
                        .formatted(DurationText.format(wanted), topic, DurationText.format(kept)));
              });
      Optional<DataSize> bytes =
          limit(config, TopicConfig.RETENTION_BYTES_CONFIG).map(DataSize::new);
      if (bytes.isPresent()) {
        LOG.info(
            "{} keeps at most {} per partition (retention.bytes): at more than {} KiB/s into one partition, images are deleted before labels.retention, {}, has passed",
            topic,
            bytes.get(),
            bytes.get().bytes() / 1024 / Math.max(1, wanted.toSeconds()),
            DurationText.format(wanted));
        List<TopicPartition> shortened = shortened(admin, topic, Instant.now().minus(wanted));
        if (!shortened.isEmpty()) {
          LOG.warn(
              "Images younger than labels.retention, {}, may already be deleted from {}: labels for them will be rejected",
              DurationText.format(wanted),
              shortened);
        }
      }
    } catch (ExecutionException e) {
      throw new UserException(
          "cannot read the retention of topic %s from the broker: %s; the job needs DESCRIBE and DESCRIBE_CONFIGS on the topic"
              .formatted(topic, e.getCause().getMessage()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while talking to the broker", e);
    }
  }

  private static Optional<Long> limit(Config config, String name) {
    return Optional.ofNullable(config.get(name))
        .map(ConfigEntry::value)
        .map(Long::valueOf)
        .filter(value -> value != UNLIMITED);
  }

  /** Partitions whose first records were deleted and that hold no record from before an instant. */
  private static List<TopicPartition> shortened(Admin admin, String topic, Instant before)
      throws ExecutionException, InterruptedException {
    List<TopicPartition> partitions =
        admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .toList();
    Map<TopicPartition, ListOffsetsResultInfo> earliest =
        offsets(admin, partitions, OffsetSpec.earliest());
    Map<TopicPartition, ListOffsetsResultInfo> since =
        offsets(admin, partitions, OffsetSpec.forTimestamp(before.toEpochMilli()));
    List<TopicPartition> shortened = new ArrayList<>();
    for (TopicPartition partition : partitions) {
      long oldest = earliest.get(partition).offset();
      if (oldest > 0 && since.get(partition).offset() == oldest) {
        shortened.add(partition);
      }
    }
    return shortened;
  }

  private static Map<TopicPartition, ListOffsetsResultInfo> offsets(
      Admin admin, List<TopicPartition> partitions, OffsetSpec spec)
      throws ExecutionException, InterruptedException {
    return admin
        .listOffsets(
            partitions.stream().collect(Collectors.toMap(Function.identity(), all -> spec)))
        .all()
        .get();
  }
}
