package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.source.SourceBroker;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/** The third step: Flink, fed from memory; predictions are discarded. */
public class MemoryStep extends FlinkStep {
  @Override
  Source<IncomingRecord, ?, ?> images(ProbeTask task) {
    return MemorySources.images(task);
  }

  @Override
  Sink<TaggedImage> predictions(ProbeTask task) {
    return MemorySources.nowhere();
  }

  @Override
  SourceBroker broker(ProbeTask task) {
    return MemorySources.broker();
  }
}
