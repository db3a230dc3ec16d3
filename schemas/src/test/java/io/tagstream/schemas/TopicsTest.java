package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.settings.DataSize;
import io.tagstream.settings.TopicSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.junit.jupiter.api.Test;

class TopicsTest {
  private static final String TIME = "message.timestamp.type";
  private static final String SIZE = "max.message.bytes";

  private static Map<String, TopicAdministration.Plan> plans(DataSize retained) {
    TopicSettings settings =
        new TopicSettings(6, OptionalInt.empty(), Duration.ofHours(1), retained);
    return TopicAdministration.plans(new Topics("p-"), settings).stream()
        .collect(Collectors.toMap(TopicAdministration.Plan::topic, plan -> plan));
  }

  @Test
  void thePrefixGoesBeforeEachName() {
    assertThat(new Topics("p-").all())
        .containsExactly(
            "p-images",
            "p-labeled-images",
            "p-labels",
            "p-predictions",
            "p-rejected-images",
            "p-model-updates");
    assertThatThrownBy(() -> new Topics("a b")).hasMessageContaining("'a b'");
  }

  @Test
  void allTopicsExceptModelUpdatesHaveLimits() {
    Map<String, TopicAdministration.Plan> plans = plans(DataSize.ofMebibytes(1 << 20));

    assertThat(plans.keySet()).containsExactlyInAnyOrderElementsOf(new Topics("p-").all());
    for (String topic : List.of("images", "labeled-images", "labels", "predictions")) {
      assertThat(plans.get("p-" + topic).partitions()).isEqualTo(6);
      assertThat(plans.get("p-" + topic).configuration())
          .containsEntry("retention.ms", "3600000")
          .containsEntry("retention.bytes", Long.toString(1L << 40))
          .doesNotContainKey("segment.bytes");
    }
    assertThat(plans.get("p-model-updates").partitions()).isEqualTo(1);
    assertThat(plans.get("p-model-updates").exactly()).isTrue();
    assertThat(plans.get("p-model-updates").configuration())
        .containsEntry("retention.ms", "-1")
        .containsEntry("retention.bytes", "-1");
  }

  @Test
  void inputTopicsHaveBrokerTimestampsAndRoomForLargeRecords() {
    Map<String, TopicAdministration.Plan> plans = plans(DataSize.ofMebibytes(1 << 20));

    for (String topic : List.of("images", "labeled-images")) {
      assertThat(plans.get("p-" + topic).configuration())
          .containsEntry(TIME, "LogAppendTime")
          .containsEntry(SIZE, "22020096");
    }
    assertThat(plans.get("p-labels").configuration())
        .containsEntry(TIME, "LogAppendTime")
        .doesNotContainKey(SIZE);
    assertThat(plans.get("p-rejected-images").configuration())
        .containsEntry(SIZE, "23068672")
        .doesNotContainKey(TIME);
    assertThat(plans.get("p-predictions").configuration()).doesNotContainKeys(SIZE, TIME);
  }

  /** With the default segments nothing would be deleted before 1 GiB is full. */
  @Test
  void aSmallRetentionHasSmallSegments() {
    assertThat(plans(DataSize.ofMebibytes(400)).get("p-images").configuration())
        .containsEntry("segment.bytes", Long.toString(100L << 20));
    assertThat(plans(DataSize.ofMebibytes(64)).get("p-images").configuration())
        .containsEntry("segment.bytes", Long.toString(22L << 20));
  }

  /** The job refuses an id above 1,024 bytes and cuts a reason at 1,000 characters. */
  @Test
  void theLargestImageFitsItsRejection() {
    byte[] rejection =
        WireFormat.of(Rejection.class)
            .encode(
                Rejection.newBuilder()
                    .setImageId("x".repeat(1024))
                    .setStage(RejectionStage.INFERENCE.word())
                    .setReason("\u20ac".repeat(1000))
                    .setSource(new Source("t".repeat(249), Integer.MAX_VALUE, Long.MAX_VALUE))
                    .setContent(ByteBuffer.allocate(TopicAdministration.IMAGE_RECORD_BYTES))
                    .setRejectedAt(Instant.EPOCH)
                    .build());
    assertThat(
            AbstractRecords.estimateSizeInBytesUpperBound(
                RecordBatch.CURRENT_MAGIC_VALUE,
                CompressionType.NONE,
                new byte[1024],
                rejection,
                Record.EMPTY_HEADERS))
        .isLessThan(TopicAdministration.REJECTION_RECORD_BYTES);
  }
}
