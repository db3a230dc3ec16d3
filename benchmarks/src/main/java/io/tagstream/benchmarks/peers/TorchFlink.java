package io.tagstream.benchmarks.peers;

import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** {@link TorchMap} from Kafka to Kafka, exactly once, with one subtask for each processor. */
public abstract class TorchFlink implements Probe {

  /** Batch size of the network. */
  abstract int batch(ProbeTask task);

  /** One image at a time. */
  public static final class TorchSingle extends TorchFlink {
    @Override
    int batch(ProbeTask task) {
      return 1;
    }
  }

  /** As many images at a time as Tagstream. */
  public static final class TorchBatched extends TorchFlink {
    @Override
    int batch(ProbeTask task) {
      return task.batch();
    }
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    Meter meter = Meter.start(task.warmUp(), task.count());
    StreamExecutionEnvironment environment =
        PlainJob.environment(task, Runtime.getRuntime().availableProcessors());
    PlainJob.images(environment, task)
        .flatMap(new TorchMap(task.models(), batch(task)))
        .sinkTo(PlainJob.answers(task));
    meter.await(environment.executeAsync("djl").getJobExecutionResult());
    return meter.figures();
  }
}
