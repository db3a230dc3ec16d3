package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.label.RecordLog;
import io.tagstream.job.source.SourceBroker;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.common.TopicPartition;

/** In-memory replacements of a job's Kafka sources and logs. */
final class MemorySources {
  private static final Topics TOPICS = new Topics("");

  private MemorySources() {}

  /** The task's photos, repeated, as the records that Kafka would deliver. */
  static Source<IncomingRecord, ?, ?> images(ProbeTask task) {
    return new DataGeneratorSource<>(
        new Records(task), Long.MAX_VALUE, TypeInformation.of(IncomingRecord.class));
  }

  /** A single update, which names the live version. */
  static Source<LiveModelChanged, ?, ?> modelUpdates() {
    GeneratorFunction<Long, LiveModelChanged> once =
        number -> new LiveModelChanged(new Coordinates(TOPICS.modelUpdates(), 0, number));
    return new DataGeneratorSource<>(once, 1, TypeInformation.of(LiveModelChanged.class));
  }

  static <T> Sink<T> nowhere() {
    return new DiscardingSink<>();
  }

  /** A log that is never read, because no engine here fails on an image. */
  static RecordLog neverReadAgain() {
    return name -> {
      throw new UnsupportedOperationException(name + " reads a record again");
    };
  }

  /** A log from which no record was deleted. */
  static SourceBroker broker() {
    return new WholeLog();
  }

  private static final class Records implements GeneratorFunction<Long, IncomingRecord> {
    private static final long serialVersionUID = 1L;
    private final ProbeTask task;
    private transient List<byte[]> records;

    Records(ProbeTask task) {
      this.task = task;
    }

    @Override
    public void open(SourceReaderContext context) {
      WireFormat<Image> format = WireFormat.of(Image.class);
      records =
          task.encoded().stream()
              .map(
                  photo ->
                      format.encode(
                          Image.newBuilder()
                              .setId("photo")
                              .setContent(ByteBuffer.wrap(photo))
                              .build()))
              .toList();
    }

    @Override
    public IncomingRecord map(Long number) {
      return new IncomingRecord(
          new Coordinates(TOPICS.images(), 0, number),
          Instant.now(),
          true,
          records.get((int) (number % records.size())));
    }
  }

  private static final class WholeLog implements SourceBroker {
    private static final long serialVersionUID = 1L;

    @Override
    public String clusterId() {
      return "memory";
    }

    @Override
    public Map<TopicPartition, Long> latest(Set<TopicPartition> partitions) {
      return partitions.stream()
          .collect(Collectors.toMap(partition -> partition, none -> Long.MAX_VALUE));
    }

    @Override
    public Map<String, String> topicIds(Set<String> topics) {
      return Map.of();
    }

    @Override
    public void close() {}
  }
}
