package io.tagstream.job.source;

import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;

/** What the job reads. */
public final class KafkaSources {
  /**
   * A fetch's answer; several stand in the heap at once for each reader, and what stands there long
   * is copied by each collection. A broker sends the first record even if it is larger, so that one
   * of 21 MiB still comes.
   */
  private static final String FETCH_BYTES = Integer.toString(2 << 20);

  private static final String PARTITION_FETCH_BYTES = Integer.toString(1 << 20);

  private KafkaSources() {}

  /**
   * {@code images} and {@code labeled-images}: from the committed offsets of the job's name, else
   * the earliest, unless a snapshot says otherwise.
   */
  public static KafkaSource<IncomingRecord> images(
      KafkaConnection connection, Topics topics, String jobName) {
    return fromCommitted(imageProperties(connection), jobName, "")
        .setKafkaSubscriber(new PatientTopics(topics.images(), topics.labeledImages()))
        .build();
  }

  /** {@code labels}, from where {@link #images} would. */
  public static KafkaSource<IncomingRecord> labels(
      KafkaConnection connection, Topics topics, String jobName) {
    return fromCommitted(connection.consumerProperties(), jobName, "-labels")
        .setKafkaSubscriber(new PatientTopics(topics.labels()))
        .build();
  }

  private static KafkaSourceBuilder<IncomingRecord> fromCommitted(
      Properties properties, String jobName, String client) {
    return KafkaSource.<IncomingRecord>builder()
        .setProperties(properties)
        .setGroupId(Topics.consumerGroup(jobName))
        .setClientIdPrefix(Topics.consumerGroup(jobName) + client)
        .setStartingOffsets(
            // Kafka's enum of these is deprecated, and the connector takes nothing else.
            OffsetsInitializer.committedOffsets(
                OffsetsInitializer.earliest().getAutoOffsetResetStrategy()))
        .setDeserializer(new IncomingRecords());
  }

  /**
   * {@code model-updates}, all of it: an operator reads {@code live} before the first message, so
   * that a change in between is not missed.
   */
  public static KafkaSource<LiveModelChanged> modelUpdates(
      KafkaConnection connection, Topics topics, String jobName) {
    return modelUpdates(
        connection, topics, Topics.consumerGroup(jobName) + "-model-updates", new Announcements());
  }

  /**
   * The requests on {@code model-updates}, all that there are: one may have been made while the job
   * was down, and answered ones are known by their ids.
   */
  public static KafkaSource<RetrainRequest> retrainRequests(
      KafkaConnection connection, Topics topics, String jobName) {
    return modelUpdates(
        connection,
        topics,
        Topics.consumerGroup(jobName) + "-retrain-requests",
        new RetrainRequests());
  }

  private static <T> KafkaSource<T> modelUpdates(
      KafkaConnection connection,
      Topics topics,
      String group,
      KafkaRecordDeserializationSchema<T> records) {
    return KafkaSource.<T>builder()
        .setProperties(connection.consumerProperties())
        .setKafkaSubscriber(new PatientTopics(topics.modelUpdates()))
        .setGroupId(group)
        .setClientIdPrefix(group)
        .setProperty("commit.offsets.on.checkpoint", "false")
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setDeserializer(records)
        .build();
  }

  /**
   * Some partitions' images between two offsets each, without a consumer group.
   *
   * @param from the first offset of each
   * @param to the offset after the last of each
   */
  public static KafkaSource<IncomingRecord> range(
      KafkaConnection connection, Map<TopicPartition, Long> from, Map<TopicPartition, Long> to) {
    return KafkaSource.<IncomingRecord>builder()
        .setProperties(imageProperties(connection))
        .setProperty("commit.offsets.on.checkpoint", "false")
        // A copy, since a key set cannot travel to the cluster.
        .setPartitions(Set.copyOf(from.keySet()))
        .setStartingOffsets(OffsetsInitializer.offsets(from))
        .setBounded(OffsetsInitializer.offsets(to))
        .setDeserializer(new IncomingRecords())
        .build();
  }

  /** All that a topic holds now, without a consumer group. */
  public static <T> KafkaSource<T> upToNow(
      KafkaConnection connection, String topic, KafkaRecordDeserializationSchema<T> records) {
    return KafkaSource.<T>builder()
        .setProperties(connection.consumerProperties())
        .setProperty("commit.offsets.on.checkpoint", "false")
        .setTopics(topic)
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setBounded(OffsetsInitializer.latest())
        .setDeserializer(records)
        .build();
  }

  private static Properties imageProperties(KafkaConnection connection) {
    Properties properties = connection.consumerProperties();
    setUnlessGiven(connection, properties, ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
    setUnlessGiven(
        connection,
        properties,
        ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
        PARTITION_FETCH_BYTES);
    return properties;
  }

  private static void setUnlessGiven(
      KafkaConnection connection, Properties properties, String key, String value) {
    if (!connection.clientProperties().containsKey(key)) {
      properties.setProperty(key, value);
    }
  }
}
