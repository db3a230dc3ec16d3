package io.tagstream.local;

import io.tagstream.producers.Pace;
import io.tagstream.producers.drawn.DrawnScenes;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.WireFormat;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends images at a steady rate and waits in an outage of the broker. Records the coordinates and
 * the append time of each image.
 */
final class SteadyStream {
  private static final int DIFFERENT = 100;

  /** The coordinates of an image. */
  record Place(int partition, long offset) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      return partition == other.partition
          ? Long.compare(offset, other.offset)
          : Integer.compare(partition, other.partition);
    }
  }

  private final Map<Place, Instant> sent = new ConcurrentSkipListMap<>();
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private final Pace pace;
  private final Thread thread;

  SteadyStream(KafkaConnection connection, String topic, double imagesPerSecond) {
    pace = Pace.perSecond(imagesPerSecond);
    thread = new Thread(() -> send(connection, topic), "steady stream");
    thread.start();
  }

  private void send(KafkaConnection connection, String topic) {
    WireFormat<Image> format = WireFormat.of(Image.class);
    DrawnScenes scenes = new DrawnScenes(3);
    List<ByteBuffer> images =
        IntStream.range(0, DIFFERENT).mapToObj(number -> scenes.scene(number).jpeg()).toList();
    Properties properties = connection.producerProperties();
    properties.setProperty(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "3600000");
    properties.setProperty(ProducerConfig.MAX_BLOCK_MS_CONFIG, "3600000");
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int number = 0; pace.awaitTurn(); number++) {
        Image image =
            Image.newBuilder()
                .setId("image-" + number)
                .setContent(images.get(number % DIFFERENT).duplicate())
                .build();
        // The callback receives every failure.
        Future<RecordMetadata> unused =
            producer.send(
                new ProducerRecord<>(
                    topic, image.getId().getBytes(StandardCharsets.UTF_8), format.encode(image)),
                this::completed);
      }
    }
  }

  private void completed(RecordMetadata metadata, Exception e) {
    if (e != null) {
      failure.compareAndSet(null, e);
    } else {
      sent.put(
          new Place(metadata.partition(), metadata.offset()),
          Instant.ofEpochMilli(metadata.timestamp()));
    }
  }

  /** The images that the broker has acknowledged, with their append times. */
  Map<Place, Instant> sent() {
    return sent;
  }

  /** Ends the stream once the broker has acknowledged all images. */
  void end() throws InterruptedException {
    pace.stop();
    thread.join();
    if (failure.get() != null) {
      throw new IllegalStateException("an image did not reach the topic", failure.get());
    }
  }
}
