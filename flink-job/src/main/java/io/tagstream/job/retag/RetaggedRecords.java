package io.tagstream.job.retag;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.sink.PredictionRecords;
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
 * Serializes new predictions in the format of {@code predictions}. Their timestamp is the time of
 * sending: with the image's time, the topic's retention would delete them together with the
 * predictions that they replace.
 */
final class RetaggedRecords implements KafkaRecordSerializationSchema<RetaggedImage> {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final PredictionRecords records;

  private RetaggedRecords(RecordLimit limit) {
    this.topic = limit.topic();
    this.records = new PredictionRecords(limit);
  }

  /** At least once: a prediction is sent twice if Kafka's acknowledgement is lost. */
  static Sink<RetaggedImage> sink(KafkaConnection connection, String topic) {
    return KafkaSink.<RetaggedImage>builder()
        .setKafkaProducerConfig(connection.producerProperties())
        .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
        .setRecordSerializer(new RetaggedRecords(TopicLimit.of(connection, topic)))
        .build();
  }

  @Override
  public void open(
      SerializationSchema.InitializationContext context, KafkaSinkContext sinkContext) {
    records.open(context);
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      RetaggedImage answer, KafkaSinkContext context, Long imageTime) {
    return new ProducerRecord<>(
        topic,
        answer.image().imageId().getBytes(UTF_8),
        records.serialize(
            PredictionRecords.record(answer.image()).setSupersedes(answer.supersedes()).build()));
  }
}
