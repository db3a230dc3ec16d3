package io.tagstream.job.source;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.kafka.source.reader.KafkaRecordEmitter;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitState;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Emits records as the connector does; an element without a record only advances the split's state.
 */
final class PositionEmitter<T> extends KafkaRecordEmitter<T> {

  PositionEmitter(KafkaRecordDeserializationSchema<T> records) {
    super(records);
  }

  @Override
  public void emitRecord(
      ConsumerRecord<byte[], byte[]> record, SourceOutput<T> output, KafkaPartitionSplitState split)
      throws Exception {
    if (record instanceof Positions.Passed) {
      split.setCurrentOffset(record.offset() + 1);
    } else {
      super.emitRecord(record, output, split);
    }
  }
}
