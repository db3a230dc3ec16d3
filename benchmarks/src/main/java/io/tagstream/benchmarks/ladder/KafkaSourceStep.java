package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.source.KafkaSourceBroker;
import io.tagstream.job.source.KafkaSources;
import io.tagstream.job.source.SourceBroker;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/** The fourth step: images come from Kafka; the answers go nowhere. */
public class KafkaSourceStep extends FlinkStep {
  static final Topics TOPICS = new Topics("");

  static KafkaConnection connection(ProbeTask task) {
    return new KafkaConnection(task.bootstrapServer(), Duration.ofSeconds(30), Map.of());
  }

  /** Of no job before: without committed offsets, and without transactions. */
  static String newName() {
    return "bench-" + ProcessHandle.current().pid() + "-" + System.currentTimeMillis();
  }

  @Override
  Source<IncomingRecord, ?, ?> images(ProbeTask task) {
    return KafkaSources.images(connection(task), TOPICS, newName());
  }

  @Override
  Sink<TaggedImage> predictions(ProbeTask task) {
    return MemorySources.nowhere();
  }

  @Override
  SourceBroker broker(ProbeTask task) {
    return new KafkaSourceBroker(connection(task).commonProperties());
  }
}
