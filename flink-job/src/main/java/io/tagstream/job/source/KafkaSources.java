package io.tagstream.job.source;

import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;

/** Builds the job's sources. */
public final class KafkaSources {
  /**
   * The size of a fetch's response. Each reader holds several on the heap at once, and each garbage
   * collection copies those that live long. A broker sends the first record even if it is larger,
   * so a record of 21 MiB still arrives.
   */
  private static final String FETCH_BYTES = Integer.toString(2 << 20);

  private static final String PARTITION_FETCH_BYTES = Integer.toString(1 << 20);

  private KafkaSources() {}

  /**
   * {@code images} and {@code labeled-images}: from the snapshot's offsets, else from those
   * committed under the job's name, else from the earliest.
   *
   * @param acceptLoss whether the job continues when records were deleted before they were read
   */
  public static Source<IncomingRecord, KafkaPartitionSplit, KafkaSourceEnumState> images(
      KafkaConnection connection, Topics topics, String jobName, boolean acceptLoss) {
    return fromCommitted(
        connection,
        imageProperties(connection),
        new PatientTopics(topics.images(), topics.labeledImages()),
        jobName,
        "",
        acceptLoss);
  }

  /** {@code labels}, with the same starting offsets as {@link #images}. */
  public static Source<IncomingRecord, KafkaPartitionSplit, KafkaSourceEnumState> labels(
      KafkaConnection connection, Topics topics, String jobName, boolean acceptLoss) {
    return fromCommitted(
        connection,
        connection.consumerProperties(),
        new PatientTopics(topics.labels()),
        jobName,
        "-labels",
        acceptLoss);
  }

  private static Source<IncomingRecord, KafkaPartitionSplit, KafkaSourceEnumState> fromCommitted(
      KafkaConnection connection,
      Properties properties,
      PatientTopics topics,
      String jobName,
      String client,
      boolean acceptLoss) {
    String group = Topics.consumerGroup(jobName);
    properties.setProperty(ConsumerConfig.GROUP_ID_CONFIG, group);
    properties.setProperty(KafkaSourceOptions.CLIENT_ID_PREFIX.key(), group + client);
    IncomingRecords records = new IncomingRecords();
    return new GapCheckedSource<>(
        KafkaSource.<IncomingRecord>builder()
            .setProperties(properties)
            .setKafkaSubscriber(topics)
            .setStartingOffsets(OffsetsInitializer.committedOffsets())
            .setDeserializer(records)
            .build(),
        properties,
        records,
        new KafkaSourceBroker(connection.commonProperties()),
        acceptLoss);
  }

  /**
   * The whole of {@code model-updates}. An operator reads {@code live} before the first message, so
   * no change in between is missed.
   */
  public static KafkaSource<LiveModelChanged> modelUpdates(
      KafkaConnection connection, Topics topics, String jobName) {
    return modelUpdates(
        connection, topics, Topics.consumerGroup(jobName) + "-model-updates", new Announcements());
  }

  /**
   * All requests on {@code model-updates}: some may have been sent while the job was down, and
   * answered ones are recognised by their ids.
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
   * The images of some partitions, each between two offsets, without a consumer group.
   *
   * @param from the first offset of each
   * @param to the offset after the last of each
   */
  public static KafkaSource<IncomingRecord> range(
      KafkaConnection connection, Map<TopicPartition, Long> from, Map<TopicPartition, Long> to) {
    return KafkaSource.<IncomingRecord>builder()
        .setProperties(imageProperties(connection))
        .setProperty("commit.offsets.on.checkpoint", "false")
        // A copy, because a key set is not serializable.
        .setPartitions(Set.copyOf(from.keySet()))
        .setStartingOffsets(OffsetsInitializer.offsets(from))
        .setBounded(OffsetsInitializer.offsets(to))
        .setDeserializer(new IncomingRecords())
        .build();
  }

  /** All records that a topic holds now, without a consumer group. */
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
