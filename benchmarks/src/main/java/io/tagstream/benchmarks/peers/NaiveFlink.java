package io.tagstream.benchmarks.peers;

import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** {@link NaiveMap} from Kafka to Kafka, exactly once, with two subtasks. */
public final class NaiveFlink implements Probe {
  private static final int PARALLELISM = 2;

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    Meter meter = Meter.start(task.warmUp(), task.count());
    StreamExecutionEnvironment environment = PlainJob.environment(task, PARALLELISM);
    PlainJob.images(environment, task)
        .map(new NaiveMap(task.models()))
        .sinkTo(PlainJob.answers(task));
    meter.await(environment.executeAsync("naive").getJobExecutionResult());
    return meter.figures();
  }
}
