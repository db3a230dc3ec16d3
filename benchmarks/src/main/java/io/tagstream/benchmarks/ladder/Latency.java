package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.KafkaEnds;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.schemas.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Percentiles of the time from an image's append to its prediction at the task's steady rate. */
public final class Latency implements Probe {
  public static final String P50 = "p50 ms";
  public static final String P99 = "p99 ms";

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    // Uses separate topics, because a new job reads all records that an earlier probe left.
    Topics topics = new Topics(KafkaEnds.newName() + "-");
    SteadyJob job = SteadyJob.start(task, Path.of(task.models()), topics);
    int images = task.warmUp() + task.count();
    job.send(images);
    List<Duration> latencies =
        job.predictions(images).stream()
            .filter(prediction -> Integer.parseInt(prediction.getImageId()) >= task.warmUp())
            .map(SteadyJob::latency)
            .toList();
    return Map.of(
        P50, SteadyJob.percentile(latencies, 50), P99, SteadyJob.percentile(latencies, 99));
  }
}
