package io.tagstream.cli.models;

import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.ModelStore;
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

/** Announces a change of the live version to running jobs, on {@code model-updates}. */
final class Announcement {
  private final Optional<KafkaConnection> connection;
  private final String topic;

  private Announcement(Optional<KafkaConnection> connection, String topic) {
    this.connection = connection;
    this.topic = topic;
  }

  /**
   * Connects to the broker, if one is named, before the store is changed.
   *
   * @throws UserException when the broker does not answer or lacks the topic
   */
  static Announcement prepare(KafkaOptions kafka) {
    Optional<KafkaConnection> connection = kafka.namedConnection(kafka.settings());
    String topic = kafka.topics().modelUpdates();
    connection.ifPresent(named -> named.requireTopics(List.of(topic)));
    return new Announcement(connection, topic);
  }

  /**
   * Announces the change, or warns that running jobs are not notified. If another user has changed
   * the live version in the meantime, that change may have been announced before this one. It is
   * then announced again, so that the last record on the topic names the live version.
   */
  void send(ModelStore store, ModelStatus status, String version, String by, PrintWriter err) {
    if (connection.isEmpty()) {
      err.println("running jobs are not notified: name their broker with --bootstrap-server");
      err.flush();
      return;
    }
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            connection.get().producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      send(producer, status, version, by, Optional.empty());
      Optional<LiveChange> later = later(store, version);
      while (later.isPresent()) {
        LiveChange change = later.get();
        err.printf("%s went live in the meantime, by %s%n", change.version(), change.by());
        err.flush();
        send(
            producer,
            change.action() == LiveChange.Action.ROLLED_BACK
                ? ModelStatus.ROLLED_BACK
                : ModelStatus.PROMOTED,
            change.version(),
            change.by(),
            Optional.of("it went live before %s was announced".formatted(version)));
        later = later(store, change.version());
      }
    }
  }

  private static Optional<LiveChange> later(ModelStore store, String announced) {
    return store.lastChange().filter(change -> !change.version().equals(announced));
  }

  private void send(
      KafkaProducer<byte[], byte[]> producer,
      ModelStatus status,
      String version,
      String by,
      Optional<String> reason) {
    ModelUpdate.Builder update =
        ModelUpdate.newBuilder()
            .setStatus(status.word())
            .setVersion(version)
            .setBy(by)
            .setAt(Instant.now());
    reason.ifPresent(update::setReason);
    try {
      producer
          .send(
              new ProducerRecord<>(
                  topic,
                  version.getBytes(StandardCharsets.UTF_8),
                  WireFormat.of(ModelUpdate.class).encode(update.build())))
          .get();
    } catch (ExecutionException e) {
      throw new UserException(
          "%s is live, but the broker refused the announcement (%s): a running job notices it only after a restart"
              .formatted(version, e.getCause().getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException(version + " is live, but was not announced: interrupted", e);
    }
  }
}
