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
 * Builds the sink that writes rows into the training store, exactly once. Each checkpoint ends a
 * hidden file; compaction joins the files of several checkpoints into one visible file.
 */
public final class TrainingSink {
  /** A row becomes visible after this time plus two checkpoints. */
  private static final Duration VISIBLE_AFTER = Duration.ofSeconds(20);

  private TrainingSink() {}

  /**
   * A sink for {@link TrainingRow}s. It needs a uid. Run it in one subtask: one writer keeps the
   * rows in order and writes fewer, larger files.
   *
   * @param folder a path or a URI for Flink; all files lie directly in it, so one listing shows the
   *     whole store
   * @param checkpointInterval of the job
   */
  public static Sink<TrainingRow> to(String folder, Duration checkpointInterval) {
    return to(folder, checkpoints(checkpointInterval), TrainingStore.FILE_BYTES);
  }

  /**
   * @param checkpoints the number of checkpoints whose files are compacted into one
   * @param fileBytes the size at which the next file begins
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
