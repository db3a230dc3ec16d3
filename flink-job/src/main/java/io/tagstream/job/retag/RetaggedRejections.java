package io.tagstream.job.retag;

import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.sink.RejectionRecords;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.RecordLimit;
import io.tagstream.schemas.TopicLimit;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Serializes rejections in the format of {@code rejected-images}, with the time of sending as their
 * timestamp.
 */
final class RetaggedRejections implements KafkaRecordSerializationSchema<RejectedImage> {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final RejectionRecords records;

  private RetaggedRejections(RecordLimit limit) {
    this.topic = limit.topic();
    this.records = new RejectionRecords(limit);
  }

  /** At least once: a rejection is sent twice if Kafka's acknowledgement is lost. */
  static Sink<RejectedImage> sink(KafkaConnection connection, String topic) {
    return KafkaSink.<RejectedImage>builder()
        .setKafkaProducerConfig(connection.producerProperties())
        .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
        .setRecordSerializer(new RetaggedRejections(TopicLimit.of(connection, topic)))
        .build();
  }

  @Override
  public void open(
      SerializationSchema.InitializationContext context, KafkaSinkContext sinkContext) {
    records.open(context);
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      RejectedImage image, KafkaSinkContext context, Long imageTime) {
    return new ProducerRecord<>(topic, RejectionRecords.key(image), records.serialize(image));
  }
}
