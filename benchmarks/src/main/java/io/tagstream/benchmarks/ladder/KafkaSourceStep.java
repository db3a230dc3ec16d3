package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.KafkaEnds;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.source.KafkaSourceBroker;
import io.tagstream.job.source.SourceBroker;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/** The fourth step: images are read from Kafka; predictions are discarded. */
public class KafkaSourceStep extends FlinkStep {
  @Override
  Source<IncomingRecord, ?, ?> images(ProbeTask task) {
    return KafkaEnds.images(task);
  }

  @Override
  Sink<TaggedImage> predictions(ProbeTask task) {
    return MemorySources.nowhere();
  }

  @Override
  SourceBroker broker(ProbeTask task) {
    return new KafkaSourceBroker(task.connection().commonProperties());
  }
}
