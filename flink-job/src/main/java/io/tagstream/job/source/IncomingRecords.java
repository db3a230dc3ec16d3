package io.tagstream.job.source;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.IncomingRecord;
import java.time.Instant;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.record.TimestampType;

/** Passes records on unparsed: the decode operator rejects malformed ones. */
public final class IncomingRecords implements KafkaRecordDeserializationSchema<IncomingRecord> {
  private static final long serialVersionUID = 1L;
  private static final byte[] NOTHING = {};

  @Override
  public void deserialize(
      ConsumerRecord<byte[], byte[]> record, Collector<IncomingRecord> collector) {
    collector.collect(incoming(record));
  }

  /** Converts a record for the operators; an absent value becomes an empty one. */
  public static IncomingRecord incoming(ConsumerRecord<byte[], byte[]> record) {
    return new IncomingRecord(
        new Coordinates(record.topic(), record.partition(), record.offset()),
        Instant.ofEpochMilli(record.timestamp()),
        record.timestampType() == TimestampType.LOG_APPEND_TIME,
        Optional.ofNullable(record.value()).orElse(NOTHING));
  }

  @Override
  public TypeInformation<IncomingRecord> getProducedType() {
    return TypeInformation.of(IncomingRecord.class);
  }
}
