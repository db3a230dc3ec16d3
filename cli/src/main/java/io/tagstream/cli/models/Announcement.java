package io.tagstream.cli.models;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.UserException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Tells running jobs on {@code model-updates} that the live version changed. */
final class Announcement {
  private final Optional<KafkaConnection> connection;
  private final String topic;

  private Announcement(Optional<KafkaConnection> connection, String topic) {
    this.connection = connection;
    this.topic = topic;
  }

  /**
   * Looks for the broker, if one is named, before anything is changed.
   *
   * @throws UserException when there is no such broker, or it lacks the topic
   */
  static Announcement prepare(KafkaOptions kafka) {
    Optional<KafkaConnection> connection = kafka.namedConnection(kafka.settings());
    String topic = kafka.topics().modelUpdates();
    connection.ifPresent(named -> named.requireTopics(List.of(topic)));
    return new Announcement(connection, topic);
  }

  /** Announces, or says that no running job will notice. */
  void send(ModelStatus status, String version, String by, PrintWriter err) {
    if (connection.isEmpty()) {
      err.println("a running job will not notice: name its broker with --bootstrap-server");
      err.flush();
      return;
    }
    ModelUpdate update =
        ModelUpdate.newBuilder()
            .setStatus(status.word())
            .setVersion(version)
            .setBy(by)
            .setAt(Instant.now())
            .build();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            connection.get().producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(
              new ProducerRecord<>(
                  topic,
                  version.getBytes(StandardCharsets.UTF_8),
                  WireFormat.of(ModelUpdate.class).encode(update)))
          .get();
    } catch (ExecutionException e) {
      throw new UserException(
          "%s is live, but the broker does not take the announcement (%s): a job notices when it starts the next time"
              .formatted(version, e.getCause().getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException(version + " is live, but was not announced: interrupted", e);
    }
  }
}
