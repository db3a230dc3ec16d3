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
 * Sends records to one topic, keyed by image id. An idempotent producer waits for all replicas'
 * acknowledgement. One thread may send; closing waits until every record is acknowledged or
 * refused.
 */
public final class RecordSender<T extends SpecificRecord> implements AutoCloseable {

  /** Receives the outcome of one record, on the producer's thread or the sending one. */
  public interface Outcome {
    void acknowledged();

    /** Only this record failed; later records are still sent. */
    void refused(String reason);
  }

  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final WireFormat<T> format;
  private final Function<T, String> id;

  /** The first failure that does not concern a single record; nothing is sent after it. */
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

  /** A sender of images, for the topic of images or of labelled images. */
  public static RecordSender<Image> ofImages(KafkaConnection connection, String topic) {
    return new RecordSender<>(
        producer(connection), topic, WireFormat.of(Image.class), Image::getId);
  }

  /** A sender of labels. */
  public static RecordSender<Label> ofLabels(KafkaConnection connection, String topic) {
    return new RecordSender<>(
        producer(connection), topic, WireFormat.of(Label.class), Label::getImageId);
  }

  private static Producer<byte[], byte[]> producer(KafkaConnection connection) {
    return new KafkaProducer<>(
        connection.producerProperties(), new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Passes a record to the producer; blocks while its buffer is full.
   *
   * @throws UserException when sending failed earlier for a reason that is not a single record's
   */
  public void send(T record, Outcome outcome) {
    check();
    String key = id.apply(record);
    // The callback receives every failure.
    Future<RecordMetadata> unused =
        producer.send(
            new ProducerRecord<>(
                topic, key.getBytes(StandardCharsets.UTF_8), format.encode(record)),
            (metadata, e) -> completed(outcome, e));
  }

  /**
   * Waits until every record is acknowledged or refused, then disconnects.
   *
   * @throws UserException when sending failed for a reason that is not a single record's
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
      outcome.refused("larger than the broker accepts on topic " + topic);
    } else {
      failure.compareAndSet(null, e);
    }
  }

  private void check() {
    Optional.ofNullable(failure.get())
        .ifPresent(
            e -> {
              throw new UserException(
                  "the broker no longer accepts records on topic %s: %s"
                      .formatted(topic, e.getMessage()),
                  e);
            });
  }
}
