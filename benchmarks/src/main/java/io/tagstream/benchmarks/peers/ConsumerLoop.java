package io.tagstream.benchmarks.peers;

import io.tagstream.benchmarks.probe.KafkaEnds;
import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.WireFormat;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A plain loop without Flink: polls a batch, tags it with a {@link NaiveTagger} in one run, sends
 * the predictions and commits the offsets, at least once.
 */
public final class ConsumerLoop implements Probe {
  private static final Duration POLL = Duration.ofSeconds(1);

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    Meter meter = Meter.start(task.warmUp(), task.count());
    CompletableFuture<Void> loop =
        CompletableFuture.runAsync(
            () -> {
              try {
                answer(task, meter);
              } catch (Exception e) {
                throw new IllegalStateException("the loop failed", e);
              }
            });
    meter.await(loop);
    return meter.figures();
  }

  private static void answer(ProbeTask task, Meter meter) throws Exception {
    Properties reading = task.connection().consumerProperties();
    reading.setProperty(ConsumerConfig.GROUP_ID_CONFIG, KafkaEnds.newName());
    reading.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    reading.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    reading.setProperty(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Integer.toString(task.batch()));
    WireFormat<Image> format = WireFormat.of(Image.class);
    try (NaiveTagger tagger = new NaiveTagger(task.models());
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                task.connection().producerProperties(),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
      consumer.subscribe(List.of(KafkaEnds.TOPICS.images()));
      while (true) {
        List<Image> images = new ArrayList<>();
        List<byte[]> contents = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          Image image = format.decode(record.value());
          byte[] content = new byte[image.getContent().orElseThrow().remaining()];
          image.getContent().orElseThrow().get(content);
          images.add(image);
          contents.add(content);
        }
        List<String> tags = tagger.tags(contents);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = 0; i < tags.size(); i++) {
          String answer = images.get(i).getId() + "\t" + tags.get(i);
          sent.add(
              producer.send(
                  new ProducerRecord<>(
                      KafkaEnds.TOPICS.predictions(), answer.getBytes(StandardCharsets.UTF_8))));
        }
        for (Future<RecordMetadata> answer : sent) {
          answer.get();
        }
        consumer.commitSync();
        meter.answered(images.size());
      }
    }
  }
}
