package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.FlinkOptions;
import io.tagstream.job.JobPlan;
import io.tagstream.job.TagstreamJob;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.inference.LiveModels;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.source.SourceBroker;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.BatchSettings;
import io.tagstream.settings.CheckpointSettings;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.JobSettings;
import io.tagstream.settings.LabelSettings;
import io.tagstream.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A step with the operators of the job, between a source and a sink that the step chooses. */
abstract class FlinkStep implements Probe {

  /** The source is unbounded: the process ends when the meter has counted enough. */
  abstract Source<IncomingRecord, ?, ?> images(ProbeTask task);

  abstract Sink<TaggedImage> predictions(ProbeTask task);

  abstract SourceBroker broker(ProbeTask task);

  /** The models, whose engines report to the meter. */
  LiveModels models(ProbeTask task) {
    return MeteredModels.of(task);
  }

  /** Parallelism of inference. */
  int engines() {
    return 1;
  }

  /** The interval of checkpoints; zero for none. */
  Duration checkpointInterval() {
    return Duration.ZERO;
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    Settings settings = Settings.load(Optional.empty(), Map.of(), Map.of());
    Meter meter = Meter.start(task.warmUp(), task.count());
    Configuration options = new Configuration();
    FlinkOptions.ofMiniCluster(options);
    FlinkOptions.ofElements(options);
    options.set(RestartStrategyOptions.RESTART_STRATEGY, "disable");
    if (!checkpointInterval().isZero()) {
      checkpoints(options, settings.get(CheckpointSettings.class), task.newFolder());
    }
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(options);
    new TagstreamJob(
            images(task),
            MemorySources.modelUpdates(),
            broker(task),
            MemorySources.neverReadAgain(),
            models(task),
            predictions(task),
            MemorySources.<RejectedImage>nowhere(),
            Optional.empty())
        .addTo(environment, plan(task, settings));
    JobClient job = environment.executeAsync(getClass().getSimpleName());
    meter.await(job.getJobExecutionResult());
    return meter.figures();
  }

  private void checkpoints(Configuration options, CheckpointSettings settings, Path folder) {
    options.set(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval());
    options.set(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, settings.minPause());
    options.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder.toUri().toString());
  }

  /** As the command {@code job} with default settings. */
  private JobPlan plan(ProbeTask task, Settings settings) {
    int processors = Runtime.getRuntime().availableProcessors();
    return new JobPlan(
        processors,
        processors,
        engines(),
        false,
        false,
        PhotoDecoder.geometry(task),
        new MicroBatching(task.batch(), settings.get(BatchSettings.class).maxWait(), task.views()),
        new Topics(""),
        settings.get(ImageSettings.class),
        settings.get(LabelSettings.class),
        settings.get(InferenceSettings.class),
        settings.get(JobSettings.class).sourceIdleAfter(),
        0,
        NotePlace.nowhere(),
        false);
  }
}
