package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.consumers.TopicReader;
import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.producers.RecordSender;
import io.tagstream.producers.drawn.DrawnScene;
import io.tagstream.producers.drawn.DrawnScenes;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Broker, job, producer and reader in one JVM. */
@Timeout(180)
final class StreamTest {
  private static final Topics TOPICS = new Topics("");

  @TempDir Path directory;

  private final Settings settings =
      Settings.load(Optional.empty(), Map.of("checkpoint.interval", "500 ms"), Map.of());
  private final DrawnScenes scenes = new DrawnScenes(3);

  @Test
  void tagsEachPictureOnceOverAStopAndARestart() throws Exception {
    writeModel();
    try (LocalBroker broker = broker()) {
      KafkaConnection connection = connection(broker);
      try (RunningJob job = JobRunner.start(request(connection))) {
        send(connection, TOPICS.images(), 0, 20, image -> image);
        send(connection, TOPICS.labeledImages(), 20, 30, image -> image);
        assertThat(predictions(connection, 30)).hasSize(30);
        // Some of these are still on their way when the job stops.
        send(connection, TOPICS.images(), 30, 50, image -> image);
        assertThat(job.stop()).isPresent();
      }
      try (RunningJob job = JobRunner.start(request(connection))) {
        assertThat(predictions(connection, 50)).hasSize(50);
        assertThat(job.stop()).isPresent();
        // To the end: a second prediction of a picture would come late.
        List<Prediction> all =
            read(
                connection,
                TOPICS.predictions(),
                Prediction.class,
                Integer.MAX_VALUE,
                TopicReader.Stop.END_AT_START);
        assertThat(all.stream().map(Prediction::getImageId))
            .containsExactlyInAnyOrderElementsOf(ids(0, 50).toList());
        assertThat(all.stream().map(Prediction::getSource)).doesNotHaveDuplicates();
        assertThat(all)
            .allSatisfy(
                prediction -> {
                  assertThat(prediction.getTags()).hasSize(5);
                  assertThat(prediction.getViews()).isEqualTo(2);
                });
      }
    }
  }

  @Test
  void rejectsBadRecordsByStageAndGoesOn() throws Exception {
    writeModel();
    try (LocalBroker broker = broker()) {
      KafkaConnection connection = connection(broker);
      sendRaw(connection, "no Avro at all".getBytes(StandardCharsets.UTF_8));
      send(
          connection,
          TOPICS.images(),
          0,
          1,
          image -> {
            image.setContent(ByteBuffer.wrap("no picture".getBytes(StandardCharsets.UTF_8)));
            return image;
          });
      send(
          connection,
          TOPICS.images(),
          1,
          2,
          image -> {
            ByteBuffer whole = image.getContent().orElseThrow();
            image.setContent(whole.slice(0, whole.remaining() / 2));
            return image;
          });
      send(connection, TOPICS.images(), 2, 7, image -> image);
      try (RunningJob job = JobRunner.start(request(connection))) {
        assertThat(predictions(connection, 5).stream().map(Prediction::getImageId))
            .containsExactlyInAnyOrderElementsOf(ids(2, 7).toList());
        List<Rejection> rejections =
            read(connection, TOPICS.rejectedImages(), Rejection.class, 3, TopicReader.Stop.NEVER);
        assertThat(rejections.stream().map(Rejection::getStage))
            .containsExactlyInAnyOrder("avro", "decode", "decode");
        assertThat(rejections)
            .filteredOn(rejection -> rejection.getStage().equals("avro"))
            .singleElement()
            .satisfies(
                rejection -> {
                  assertThat(rejection.getImageId()).isEmpty();
                  assertThat(StandardCharsets.UTF_8.decode(rejection.getContent()).toString())
                      .isEqualTo("no Avro at all");
                });
        assertThat(job.stop()).isPresent();
      }
    }
  }

  /** Narrow, so that a test answers in milliseconds. */
  private void writeModel() {
    NetworkDescription network = NetworkDescription.alexNet(DrawnScenes.LABELS.size(), 1.0 / 16);
    new ModelStore(models())
        .write(
            new ModelDraft(
                Initialisation.HE.draw(network, 1),
                Preprocessing.tagstream(network.inputSize()),
                DrawnScenes.LABELS,
                Optional.empty(),
                Provenance.made("drawn for a test", "of the drawn scenes", "none")));
  }

  private LocalBroker broker() {
    LocalBroker broker = LocalBroker.start(directory.resolve("kafka"), 0, "--port", Map.of());
    broker.createTopics(TOPICS, settings);
    return broker;
  }

  private static KafkaConnection connection(LocalBroker broker) {
    return new KafkaConnection(broker.bootstrapServer(), Duration.ofSeconds(30), Map.of());
  }

  private Path models() {
    return directory.resolve("models");
  }

  private JobRequest request(KafkaConnection connection) {
    return new JobRequest(
        connection,
        TOPICS,
        models(),
        directory.resolve("checkpoints").toUri().toString(),
        "test",
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER_AND_FLIP,
        new Wish(false, false),
        settings);
  }

  private static Stream<String> ids(int from, int to) {
    return IntStream.range(from, to).mapToObj(number -> "scene-" + number);
  }

  private void send(
      KafkaConnection connection, String topic, int from, int to, UnaryOperator<Image> change) {
    try (RecordSender<Image> sender = RecordSender.ofImages(connection, topic)) {
      for (int number = from; number < to; number++) {
        DrawnScene scene = scenes.scene(number);
        Image image =
            Image.newBuilder()
                .setId("scene-" + number)
                .setContent(scene.jpeg())
                .setLabel(scene.label())
                .build();
        sender.send(change.apply(image), new Accepted());
      }
    }
  }

  private static void sendRaw(KafkaConnection connection, byte[] value)
      throws ExecutionException, InterruptedException {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            connection.producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(TOPICS.images(), value)).get();
    }
  }

  private static final class Accepted implements RecordSender.Outcome {
    @Override
    public void acknowledged() {}

    @Override
    public void refused(String reason) {
      throw new AssertionError(reason);
    }
  }

  private static List<Prediction> predictions(KafkaConnection connection, int count) {
    return read(connection, TOPICS.predictions(), Prediction.class, count, TopicReader.Stop.NEVER);
  }

  /** Waits for so many committed records, from the beginning, or for the end. */
  private static <T extends SpecificRecord> List<T> read(
      KafkaConnection connection, String topic, Class<T> type, int count, TopicReader.Stop stop) {
    List<T> records = new ArrayList<>();
    try (TopicReader<T> reader = TopicReader.open(connection, topic, WireFormat.of(type))) {
      reader.read(
          TopicReader.Start.BEGINNING,
          stop,
          new TopicReader.Sink<>() {
            @Override
            public boolean record(T record) {
              records.add(record);
              return records.size() < count;
            }

            @Override
            public boolean malformed(String where, String reason) {
              throw new AssertionError(where + ": " + reason);
            }
          });
    }
    return records;
  }
}
