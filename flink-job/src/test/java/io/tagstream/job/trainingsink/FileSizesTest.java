package io.tagstream.job.trainingsink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.TrainingRow;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.apache.flink.streaming.api.functions.sink.filesystem.PartFileInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When the sink ends a file, and how many files it compacts into one. */
class FileSizesTest {

  private record File(long size) implements PartFileInfo<String> {
    @Override
    public String getBucketId() {
      return "";
    }

    @Override
    public long getCreationTime() {
      return 0;
    }

    @Override
    public long getSize() {
      return size;
    }

    @Override
    public long getLastUpdateTime() {
      return 0;
    }
  }

  @Test
  void aFileEndsAtACheckpointOrWhenItIsLarge() throws IOException {
    RollOnSize policy = new RollOnSize(1000);
    TrainingRow row =
        TrainingRow.withdrawn(
            "a", false, Instant.EPOCH, "correction", new Coordinates("labels", 0, 1));
    assertThat(policy.shouldRollOnEvent(new File(999), row)).isFalse();
    assertThat(policy.shouldRollOnEvent(new File(1000), row)).isTrue();
    assertThat(policy.shouldRollOnCheckpoint(new File(1))).isTrue();
    assertThat(policy.shouldRollOnProcessingTime(new File(1), Long.MAX_VALUE)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"PT0.1S, 200", "PT1S, 20", "PT5S, 4", "PT20S, 1", "PT1H, 1"})
  void rowsAreVisibleWithinHalfAMinuteUnlessCheckpointsAreRarer(Duration interval, int joined) {
    assertThat(TrainingSink.checkpoints(interval)).isEqualTo(joined);
  }
}
