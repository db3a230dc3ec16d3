package io.tagstream.job.trainingsink;

import io.tagstream.job.flow.TrainingRow;
import io.tagstream.trainingstore.TrainingStore;
import java.time.Duration;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.sink.compactor.FileCompactStrategy;
import org.apache.flink.connector.file.sink.compactor.RecordWiseFileCompactor;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;

/**
 * Writes rows into the training store, exactly once. Each checkpoint ends a file; the files of
 * several checkpoints, hidden so far, become one that is visible.
 */
public final class TrainingSink {
  /** A row is visible this long after it came, and two checkpoints more. */
  private static final Duration VISIBLE_AFTER = Duration.ofSeconds(20);

  private TrainingSink() {}

  /**
   * A sink for {@link TrainingRow}s. It needs a uid, and belongs on one subtask, which then writes
   * the rows in their order and few files.
   *
   * @param folder a path or a URI that Flink writes to; all files lie in it, in no folders of days,
   *     so that one listing is the store
   * @param checkpointInterval the job's
   */
  public static Sink<TrainingRow> to(String folder, Duration checkpointInterval) {
    return to(folder, checkpoints(checkpointInterval), TrainingStore.FILE_BYTES);
  }

  /**
   * @param checkpoints whose files become one
   * @param fileBytes what a file may hold before the next one begins
   */
  static Sink<TrainingRow> to(String folder, int checkpoints, long fileBytes) {
    return FileSink.forBulkFormat(new Path(folder), new TrainingRowWriter.Factory())
        .withBucketAssigner(new BasePathBucketAssigner<>())
        .withRollingPolicy(new RollOnSize(fileBytes))
        .withOutputFileConfig(
            OutputFileConfig.builder()
                .withPartPrefix("part")
                .withPartSuffix(TrainingStore.SUFFIX)
                .build())
        .enableCompact(
            FileCompactStrategy.Builder.newBuilder()
                .enableCompactionOnCheckpoint(checkpoints)
                .setSizeThreshold(fileBytes)
                .setNumCompactThreads(1)
                .build(),
            new RecordWiseFileCompactor<>(TrainingRowReader::new))
        .build();
  }

  static int checkpoints(Duration interval) {
    return (int) Math.max(1, VISIBLE_AFTER.toMillis() / interval.toMillis());
  }
}
