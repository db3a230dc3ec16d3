package io.tagstream.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class StreamStatusTest {
  private static final StreamStatus.Open NONE_OPEN =
      new StreamStatus.Open(Optional.empty(), Optional.empty());

  private static final TopicPartition FIRST = new TopicPartition("images", 0);
  private static final TopicPartition SECOND = new TopicPartition("images", 1);
  private static final TopicPartition LABELED = new TopicPartition("labeled-images", 0);

  @Test
  void lagIsTheDistanceFromTheCommitToTheEnd() {
    assertThat(
            StreamStatus.lag(
                Map.of(FIRST, 100L, SECOND, 50L, LABELED, 7L),
                Map.of(FIRST, 10L, SECOND, 10L, LABELED, 0L),
                Map.of(FIRST, 90L, LABELED, 7L)))
        .containsExactly(entry("images", 10L + 40L), entry("labeled-images", 0L));
  }

  @Test
  void deletedRecordsDoNotCountAsLag() {
    assertThat(StreamStatus.lag(Map.of(FIRST, 100L), Map.of(FIRST, 80L), Map.of(FIRST, 5L)))
        .containsExactly(entry("images", 20L));
  }

  @Test
  void everyStageIsCountedIncludingAnUnknownOne() {
    StreamStatus.StageCounts counts = new StreamStatus.StageCounts();
    counts.add("decode");
    counts.add("decode");
    counts.add("later");

    assertThat(counts.counts())
        .containsExactly(
            entry("avro", 0L),
            entry("fetch", 0L),
            entry("decode", 2L),
            entry("limit", 0L),
            entry("inference", 0L),
            entry("label", 0L),
            entry("later", 1L));
    assertThat(new StreamStatus("main", true, Map.of(), counts.counts(), NONE_OPEN).rejectedText())
        .isEqualTo("3 (decode 2, later 1)");
    assertThat(
            new StreamStatus(
                    "main", true, Map.of(), new StreamStatus.StageCounts().counts(), NONE_OPEN)
                .rejectedText())
        .isEqualTo("0");
  }
}
