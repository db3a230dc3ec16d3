package io.tagstream.benchmarks.probe;

import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.source.KafkaSources;
import io.tagstream.producers.Pace;
import io.tagstream.producers.RecordSender;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.UserException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;

/** Source, sink and producer on Kafka that Tagstream and its peers share. */
public final class KafkaEnds {
  public static final Topics TOPICS = new Topics("");

  private KafkaEnds() {}

  /** A name without committed offsets and transactions of earlier jobs. */
  public static String newName() {
    return "bench-" + ProcessHandle.current().pid() + "-" + System.currentTimeMillis();
  }

  /** A source of the task's images, from the first one on. */
  public static Source<IncomingRecord, ?, ?> images(ProbeTask task) {
    return KafkaSources.images(task.connection(), TOPICS, newName(), false);
  }

  /** The topic of predictions. */
  public static <T> KafkaSink<T> answers(
      ProbeTask task, DeliveryGuarantee guarantee, SerializationSchema<T> values) {
    Properties properties = task.connection().producerProperties();
    properties.setProperty("transaction.timeout.ms", "600000");
    return KafkaSink.<T>builder()
        .setKafkaProducerConfig(properties)
        .setDeliveryGuarantee(guarantee)
        .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
        .setTransactionalIdPrefix(newName() + ":predictions:")
        .setRecordSerializer(
            KafkaRecordSerializationSchema.<T>builder()
                .setTopic(TOPICS.predictions())
                .setValueSerializationSchema(values)
                .build())
        .build();
  }

  /**
   * Sends the images in turns, with their numbers as ids.
   *
   * @throws UserException when the broker refuses an image
   */
  public static void send(
      KafkaConnection connection, String topic, List<byte[]> photos, int count, Pace pace) {
    try (RecordSender<Image> sender = RecordSender.ofImages(connection, topic)) {
      for (int i = 0; i < count; i++) {
        pace.awaitTurn();
        sender.send(
            Image.newBuilder()
                .setId(Integer.toString(i))
                .setContent(ByteBuffer.wrap(photos.get(i % photos.size())))
                .build(),
            new Accepted());
      }
    }
  }

  private static final class Accepted implements RecordSender.Outcome {
    @Override
    public void acknowledged() {}

    @Override
    public void refused(String reason) {
      throw new UserException("the broker refused an image: " + reason);
    }
  }
}
