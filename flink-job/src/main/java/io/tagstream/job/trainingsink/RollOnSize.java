package io.tagstream.job.trainingsink;

import io.tagstream.job.flow.TrainingRow;
import java.io.IOException;
import org.apache.flink.streaming.api.functions.sink.filesystem.PartFileInfo;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.CheckpointRollingPolicy;

/** Ends a file at each checkpoint, as bulk formats require, and when it reaches a size. */
final class RollOnSize extends CheckpointRollingPolicy<TrainingRow, String> {
  private static final long serialVersionUID = 1L;

  private final long bytes;

  RollOnSize(long bytes) {
    this.bytes = bytes;
  }

  @Override
  public boolean shouldRollOnEvent(PartFileInfo<String> file, TrainingRow row) throws IOException {
    return file.getSize() >= bytes;
  }

  @Override
  public boolean shouldRollOnProcessingTime(PartFileInfo<String> file, long now) {
    return false;
  }
}
