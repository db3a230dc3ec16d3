package io.tagstream.job.source;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.LiveModelChanged;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Any message on {@code model-updates} means "read {@code live} again": its content is ignored, so
 * no message can be malformed.
 */
final class Announcements implements KafkaRecordDeserializationSchema<LiveModelChanged> {
  private static final long serialVersionUID = 1L;

  @Override
  public void deserialize(
      ConsumerRecord<byte[], byte[]> record, Collector<LiveModelChanged> collector) {
    collector.collect(
        new LiveModelChanged(new Coordinates(record.topic(), record.partition(), record.offset())));
  }

  @Override
  public TypeInformation<LiveModelChanged> getProducedType() {
    return TypeInformation.of(LiveModelChanged.class);
  }
}
