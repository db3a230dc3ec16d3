package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.KafkaEnds;
import io.tagstream.benchmarks.probe.Probe;
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
import io.tagstream.schemas.KafkaConnection;
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
import org.apache.kafka.clients.admin.Admin;

/**
 * The whole job with its defaults, to which images come at the task's steady rate: percentiles of
 * the time from an image's append to its prediction.
 */
public final class Latency implements Probe {
  public static final String P50 = "p50 ms";
  public static final String P99 = "p99 ms";

  private static final Topics TOPICS = new Topics("latency-");

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    Settings settings = Settings.load(Optional.empty(), Map.of(), Map.of());
    KafkaConnection connection = task.connection();
    try (Admin admin = connection.admin()) {
      new TopicAdministration(admin).ensure(TOPICS, settings.get(TopicSettings.class));
    }
    RunningJob job =
        JobRunner.start(
            new JobRequest(
                connection,
                TOPICS,
                Path.of(task.models()),
                Optional.empty(),
                task.newFolder().toString(),
                KafkaEnds.newName(),
                EngineKind.DEEPLEARNING4J,
                Device.AUTO,
                Views.of(task.views()),
                new Wish(false, false),
                settings));
    job.awaitRunning();
    int images = task.warmUp() + task.count();
    KafkaEnds.send(
        connection, TOPICS.images(), task.encoded(), images, Pace.perSecond(task.rate()));
    List<Duration> latencies = new ArrayList<>();
    try (TopicReader<Prediction> reader =
        TopicReader.open(connection, TOPICS.predictions(), WireFormat.of(Prediction.class))) {
      reader.read(
          TopicReader.Start.BEGINNING,
          TopicReader.Stop.NEVER,
          new TopicReader.Sink<>() {
            private int seen;

            @Override
            public boolean record(Prediction prediction) {
              if (Integer.parseInt(prediction.getImageId()) >= task.warmUp()) {
                latencies.add(
                    Duration.between(prediction.getAppendedAt(), prediction.getPredictedAt()));
              }
              seen++;
              return seen < images;
            }

            @Override
            public boolean malformed(String where, String reason) {
              throw new IllegalStateException(where + ": " + reason);
            }
          });
    }
    return Map.of(P50, percentile(latencies, 50), P99, percentile(latencies, 99));
  }

  /** In milliseconds. */
  private static double percentile(List<Duration> durations, int percent) {
    List<Duration> sorted = durations.stream().sorted().toList();
    return sorted.get((sorted.size() - 1) * percent / 100).toNanos() / 1e6;
  }
}
