package io.tagstream.job.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.RecordLimit;
import io.tagstream.schemas.TopicLimit;
import io.tagstream.schemas.Topics;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.util.function.SerializableFunction;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Builds the job's sinks, which write exactly once or report the loss. Transactional ids start with
 * {@code JOB:SINK:}; neither part contains a colon, so no prefix is the start of another and no
 * sink ends another's transactions.
 */
public final class KafkaSinks {
  private final KafkaConnection connection;
  private final Topics topics;
  private final String jobName;
  private final Duration transactionTimeout;
  private final Duration outage;
  private final boolean acceptLoss;

  /**
   * @param jobName without a colon
   * @param transactionTimeout after which the broker ends an open transaction; at most the broker's
   *     maximum
   * @param outage how long to wait while Kafka does not answer
   * @param acceptLoss whether the job continues when records were lost
   */
  public KafkaSinks(
      KafkaConnection connection,
      Topics topics,
      String jobName,
      Duration transactionTimeout,
      Duration outage,
      boolean acceptLoss) {
    if (jobName.contains(":")) {
      throw new IllegalArgumentException("a job's name cannot contain a colon: " + jobName);
    }
    this.connection = connection;
    this.topics = topics;
    this.jobName = jobName;
    this.transactionTimeout = transactionTimeout;
    this.outage = outage;
    this.acceptLoss = acceptLoss;
  }

  public Sink<TaggedImage> predictions() {
    return sink(
        "predictions",
        topics.predictions(),
        image -> Optional.of(image.source()),
        KafkaRecordSerializationSchema.<TaggedImage>builder()
            .setTopic(topics.predictions())
            .setKeySerializationSchema((SerializationSchema<TaggedImage>) KafkaSinks::key)
            .setValueSerializationSchema(new PredictionRecords(limit(topics.predictions())))
            .build());
  }

  public Sink<RejectedImage> rejections() {
    return sink(
        "rejections",
        topics.rejectedImages(),
        image -> Optional.of(image.source),
        KafkaRecordSerializationSchema.<RejectedImage>builder()
            .setTopic(topics.rejectedImages())
            .setKeySerializationSchema((SerializationSchema<RejectedImage>) RejectionRecords::key)
            .setValueSerializationSchema(new RejectionRecords(limit(topics.rejectedImages())))
            .build());
  }

  public Sink<ModelNews> modelUpdates() {
    return sink(
        "model-updates",
        topics.modelUpdates(),
        news -> Optional.empty(),
        KafkaRecordSerializationSchema.<ModelNews>builder()
            .setTopic(topics.modelUpdates())
            .setKeySerializationSchema(
                (SerializationSchema<ModelNews>) news -> news.version().getBytes(UTF_8))
            .setValueSerializationSchema(new ModelUpdateRecords(limit(topics.modelUpdates())))
            .build());
  }

  private RecordLimit limit(String topic) {
    return TopicLimit.of(connection, topic);
  }

  private static byte[] key(TaggedImage image) {
    return image.imageId().getBytes(UTF_8);
  }

  private <T> Sink<T> sink(
      String name,
      String topic,
      SerializableFunction<T, Optional<Coordinates>> source,
      KafkaRecordSerializationSchema<T> serializer) {
    Properties properties = connection.producerProperties();
    properties.setProperty(
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, Long.toString(transactionTimeout.toMillis()));
    Outage patient = Outage.of(connection.bootstrapServers(), outage, properties);
    String prefix = jobName + ":" + name + ":";
    return new TracedSink<>(
        KafkaSink.<T>builder()
            .setKafkaProducerConfig(patient.producer())
            .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
            .setTransactionalIdPrefix(prefix)
            .setRecordSerializer(serializer)
            .build(),
        prefix,
        source,
        connection.consumerProperties(),
        new Loss(topics, topic),
        patient,
        acceptLoss);
  }
}
