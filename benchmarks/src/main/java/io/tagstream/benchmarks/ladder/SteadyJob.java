package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.KafkaEnds;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.consumers.TopicReader;
import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.producers.Pace;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.TopicAdministration;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TopicSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;

/** The whole job with default settings, and images sent at the task's steady rate. */
public final class SteadyJob {
  private final ProbeTask task;
  private final Topics topics;
  private final Path checkpoints;

  private SteadyJob(ProbeTask task, Topics topics, Path checkpoints) {
    this.task = task;
    this.topics = topics;
    this.checkpoints = checkpoints;
  }

  /** Starts the job in this process and waits until it runs; it ends with the process. */
  static SteadyJob start(ProbeTask task, Path models, Topics topics) throws InterruptedException {
    return start(task, models, topics, Map.of());
  }

  /**
   * As {@link #start(ProbeTask, Path, Topics)}, with some other settings.
   *
   * @param sets settings, as for {@code --set}
   */
  public static SteadyJob start(
      ProbeTask task, Path models, Topics topics, Map<String, String> sets)
      throws InterruptedException {
    Settings settings = Settings.load(Optional.empty(), sets, Map.of());
    try (Admin admin = task.connection().admin()) {
      new TopicAdministration(admin).ensure(topics, settings.get(TopicSettings.class));
    }
    Path checkpoints = task.newFolder();
    RunningJob job =
        JobRunner.start(
            new JobRequest(
                task.connection(),
                topics,
                models,
                Optional.empty(),
                checkpoints.toString(),
                KafkaEnds.newName(),
                EngineKind.DEEPLEARNING4J,
                Device.AUTO,
                Views.of(task.views()),
                new Wish(false, false),
                settings));
    job.awaitRunning();
    return new SteadyJob(task, topics, checkpoints);
  }

  /** The folder of the job's snapshots. */
  Path checkpoints() {
    return checkpoints;
  }

  /** Sends this many images, whose ids are their numbers. */
  public void send(int images) {
    KafkaEnds.send(
        task.connection(), topics.images(), task.encoded(), images, Pace.perSecond(task.rate()));
  }

  /** Waits for this many predictions, from the first one on. */
  List<Prediction> predictions(int images) {
    List<Prediction> predictions = new ArrayList<>();
    read(images, predictions::add);
    return predictions;
  }

  /** Passes on this many predictions, from the first one on, as they are committed. */
  public void read(int images, Consumer<Prediction> sink) {
    try (TopicReader<Prediction> reader =
        TopicReader.open(
            task.connection(), topics.predictions(), WireFormat.of(Prediction.class))) {
      reader.read(
          TopicReader.Start.BEGINNING,
          TopicReader.Stop.NEVER,
          new TopicReader.Sink<>() {
            private int read;

            @Override
            public boolean record(Prediction prediction) {
              sink.accept(prediction);
              read++;
              return read < images;
            }

            @Override
            public boolean malformed(String where, String reason) {
              throw new IllegalStateException(where + ": " + reason);
            }
          });
    }
  }

  /** Time from an image's append to its prediction. */
  public static Duration latency(Prediction prediction) {
    return Duration.between(prediction.getAppendedAt(), prediction.getPredictedAt());
  }

  /** A percentile, in milliseconds. */
  public static double percentile(List<Duration> durations, int percent) {
    List<Duration> sorted = durations.stream().sorted().toList();
    return sorted.get((sorted.size() - 1) * percent / 100).toNanos() / 1e6;
  }
}
