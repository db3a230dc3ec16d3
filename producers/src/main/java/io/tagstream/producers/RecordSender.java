package io.tagstream.producers;

import io.tagstream.schemas.Image;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.UserException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends records to one topic, keyed by image id, each acknowledged by all replicas and none twice.
 * One thread sends; closing waits until everything sent is acknowledged or refused.
 */
public final class RecordSender<T extends SpecificRecord> implements AutoCloseable {

  /** Hears what became of one record, on the producer's thread or the sender's. */
  public interface Outcome {
    void acknowledged();

    /** The record alone is the cause; the ones after it go on. */
    void refused(String reason);
  }

  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final WireFormat<T> format;
  private final Function<T, String> id;

  /** The first failure that is not one record's own: nothing more is sent after it. */
  private final AtomicReference<Exception> failure = new AtomicReference<>();

  RecordSender(
      Producer<byte[], byte[]> producer,
      String topic,
      WireFormat<T> format,
      Function<T, String> id) {
    this.producer = producer;
    this.topic = topic;
    this.format = format;
    this.id = id;
  }

  /** Sends images, to the topic of plain or of labelled ones. */
  public static RecordSender<Image> ofImages(KafkaConnection connection, String topic) {
    return new RecordSender<>(
        producer(connection), topic, WireFormat.of(Image.class), Image::getId);
  }

  /** Sends labels. */
  public static RecordSender<Label> ofLabels(KafkaConnection connection, String topic) {
    return new RecordSender<>(
        producer(connection), topic, WireFormat.of(Label.class), Label::getImageId);
  }

  private static Producer<byte[], byte[]> producer(KafkaConnection connection) {
    return new KafkaProducer<>(
        connection.producerProperties(), new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Hands a record to the producer; waits while its buffer is full.
   *
   * @throws UserException when an earlier record failed for a reason that is not its own
   */
  public void send(T record, Outcome outcome) {
    check();
    String key = id.apply(record);
    // The callback hears of every failure.
    Future<RecordMetadata> unused =
        producer.send(
            new ProducerRecord<>(
                topic, key.getBytes(StandardCharsets.UTF_8), format.encode(record)),
            (metadata, e) -> completed(outcome, e));
  }

  /**
   * Waits until every record is acknowledged or refused, and disconnects.
   *
   * @throws UserException when a record failed for a reason that is not its own
   */
  @Override
  public void close() {
    try {
      producer.flush();
    } finally {
      producer.close();
    }
    check();
  }

  private void completed(Outcome outcome, Exception e) {
    if (e == null) {
      outcome.acknowledged();
    } else if (e instanceof RecordTooLargeException) {
      outcome.refused("larger than the broker takes on topic " + topic);
    } else {
      failure.compareAndSet(null, e);
    }
  }

  private void check() {
    Optional.ofNullable(failure.get())
        .ifPresent(
            e -> {
              throw new UserException(
                  "the broker no longer takes records on topic %s: %s"
                      .formatted(topic, e.getMessage()),
                  e);
            });
  }
}
