package io.tagstream.job.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * What the job writes, exactly once. The transactions' names begin {@code JOB:SINK:}; neither part
 * holds a colon, so that no prefix begins another and no sink ends another's transactions.
 */
public final class KafkaSinks {
  private final KafkaConnection connection;
  private final Topics topics;
  private final String jobName;
  private final Duration transactionTimeout;

  /**
   * @param jobName without a colon
   * @param transactionTimeout after which the broker ends what is left open, at most its maximum
   */
  public KafkaSinks(
      KafkaConnection connection, Topics topics, String jobName, Duration transactionTimeout) {
    if (jobName.contains(":")) {
      throw new IllegalArgumentException("a job's name cannot hold a colon: " + jobName);
    }
    this.connection = connection;
    this.topics = topics;
    this.jobName = jobName;
    this.transactionTimeout = transactionTimeout;
  }

  public KafkaSink<TaggedImage> predictions() {
    return sink(
        "predictions",
        KafkaRecordSerializationSchema.<TaggedImage>builder()
            .setTopic(topics.predictions())
            .setKeySerializationSchema((SerializationSchema<TaggedImage>) KafkaSinks::key)
            .setValueSerializationSchema(new PredictionRecords(limit(topics.predictions())))
            .build());
  }

  public KafkaSink<RejectedImage> rejections() {
    return sink(
        "rejections",
        KafkaRecordSerializationSchema.<RejectedImage>builder()
            .setTopic(topics.rejectedImages())
            .setKeySerializationSchema((SerializationSchema<RejectedImage>) KafkaSinks::key)
            .setValueSerializationSchema(new RejectionRecords(limit(topics.rejectedImages())))
            .build());
  }

  public KafkaSink<ModelNews> modelUpdates() {
    return sink(
        "model-updates",
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

  /** Kafka's null, no key, where the id could not be read: such records go to any partition. */
  private static byte[] key(RejectedImage image) {
    return Optional.ofNullable(image.imageId).map(id -> id.getBytes(UTF_8)).orElse(null);
  }

  private <T> KafkaSink<T> sink(String name, KafkaRecordSerializationSchema<T> serializer) {
    Properties properties = connection.producerProperties();
    properties.setProperty(
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, Long.toString(transactionTimeout.toMillis()));
    return KafkaSink.<T>builder()
        .setKafkaProducerConfig(properties)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
        .setTransactionalIdPrefix(jobName + ":" + name + ":")
        .setRecordSerializer(serializer)
        .build();
  }
}
