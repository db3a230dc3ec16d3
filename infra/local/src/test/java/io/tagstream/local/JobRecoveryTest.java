package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.JobOnCluster;
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
import io.tagstream.producers.drawn.DrawnScenes;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a committed reader sees when the job's process dies, or Kafka is not what it was. */
@Timeout(240)
final class JobRecoveryTest {
  private static final Topics TOPICS = new Topics("");
  private static final Settings SETTINGS =
      Settings.load(
          Optional.empty(),
          Map.of("checkpoint.interval", "500 ms", "topics.partitions", "1"),
          Map.of());

  @TempDir private Path directory;
  private LocalBroker broker;
  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void start() {
    NetworkDescription network = NetworkDescription.alexNet(DrawnScenes.LABELS.size(), 1.0 / 16);
    new ModelStore(directory.resolve("models"))
        .write(
            new ModelDraft(
                Initialisation.HE.draw(network, 1),
                Preprocessing.tagstream(network.inputSize()),
                DrawnScenes.LABELS,
                Optional.empty(),
                Provenance.made("drawn for a test", "of the drawn scenes", "none")));
    broker = broker("kafka");
  }

  @AfterEach
  void stop() {
    processes.forEach(Process::destroyForcibly);
    broker.close();
  }

  private LocalBroker broker(String name) {
    LocalBroker started = LocalBroker.start(directory.resolve(name), 0, "--port", Map.of());
    started.createTopics(TOPICS, SETTINGS);
    return started;
  }

  private static KafkaConnection connection(LocalBroker broker) {
    return new KafkaConnection(broker.bootstrapServer(), Duration.ofSeconds(30), Map.of());
  }

  private JobRequest request(LocalBroker kafka, Wish wish) {
    return new JobRequest(
        connection(kafka),
        TOPICS,
        directory.resolve("models"),
        directory.resolve("checkpoints").toString(),
        "test",
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER,
        wish,
        SETTINGS);
  }

  /** {@code tagstream job} as a process of its own. */
  private Process jobProcess() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "--add-opens=java.base/java.util=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                JobOnCluster.class.getName(),
                "--bootstrap-server",
                broker.bootstrapServer(),
                "--models",
                directory.resolve("models").toString(),
                "--checkpoints",
                directory.resolve("checkpoints").toString(),
                "--name",
                "test",
                "--views",
                "1",
                "--set",
                "checkpoint.interval=500 ms")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("job-%d.log".formatted(processes.size())).toFile())
            .start();
    processes.add(process);
    return process;
  }

  private static void send(LocalBroker kafka, int from, int to) throws Exception {
    DrawnScenes scenes = new DrawnScenes(3);
    WireFormat<Image> format = WireFormat.of(Image.class);
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            connection(kafka).producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = from; i < to; i++) {
        Image image =
            Image.newBuilder()
                .setId(Integer.toString(i))
                .setContent(scenes.scene(i).jpeg())
                .build();
        sent.add(
            producer.send(
                new ProducerRecord<>(
                    TOPICS.images(),
                    Integer.toString(i).getBytes(StandardCharsets.UTF_8),
                    format.encode(image))));
      }
      for (Future<RecordMetadata> acknowledgement : sent) {
        acknowledgement.get();
      }
    }
  }

  /** Committed predictions' source offsets, from the beginning, once there are so many. */
  private static List<Long> predicted(LocalBroker kafka, int count) throws Exception {
    List<Long> offsets = new ArrayList<>();
    WireFormat<Prediction> format = WireFormat.of(Prediction.class);
    TopicPartition partition = new TopicPartition(TOPICS.predictions(), 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            connection(kafka).consumerProperties(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      boolean more = true;
      // What is committed twice follows at once: one poll beyond the last one expected.
      while (offsets.size() < count || more) {
        more = offsets.size() < count;
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          offsets.add(format.decode(record.value()).getSource().getOffset());
        }
      }
    }
    return offsets;
  }

  private static List<Long> upTo(int end) {
    return IntStream.range(0, end).mapToObj(Long::valueOf).toList();
  }

  @Test
  void aKilledProcessLosesAndDoublesNothing() throws Exception {
    Process first = jobProcess();
    send(broker, 0, 40);
    predicted(broker, 1);
    send(broker, 40, 300);
    // In mid-stream: some are predicted, some prepared, some neither.
    predicted(broker, 41);
    first.destroyForcibly();
    assertThat(first.waitFor()).isNotZero();
    send(broker, 300, 340);
    Process second = jobProcess();
    assertThat(predicted(broker, 340)).containsExactlyInAnyOrderElementsOf(upTo(340));
    second.destroy();
    assertThat(second.waitFor()).isZero();
  }

  @Test
  void aGapIsRefusedByPartitionAndRangeUnlessAccepted() throws Exception {
    send(broker, 0, 10);
    try (RunningJob job = JobRunner.start(request(broker, new Wish(false, false)))) {
      predicted(broker, 10);
      assertThat(job.stop()).isPresent();
    }
    send(broker, 10, 30);
    try (Admin admin = connection(broker).admin()) {
      admin
          .deleteRecords(
              Map.of(new TopicPartition(TOPICS.images(), 0), RecordsToDelete.beforeOffset(20)))
          .all()
          .get();
    }
    try (RunningJob job = JobRunner.start(request(broker, new Wish(false, false)))) {
      assertThatThrownBy(job::await)
          .isInstanceOf(UserException.class)
          .hasMessageContaining("images-0 offsets 10 to 19")
          .hasMessageContaining("--accept-loss");
    }
    try (RunningJob job = JobRunner.start(request(broker, new Wish(false, true)))) {
      predicted(broker, 20);
      assertThat(job.stop()).isPresent();
    }
  }

  @Test
  void aSnapshotOfAnotherClusterIsRefusedByName() throws Exception {
    send(broker, 0, 5);
    try (RunningJob job = JobRunner.start(request(broker, new Wish(false, false)))) {
      predicted(broker, 5);
      assertThat(job.stop()).isPresent();
    }
    try (LocalBroker other = broker("other-kafka")) {
      send(other, 0, 5);
      try (RunningJob job = JobRunner.start(request(other, new Wish(false, false)))) {
        assertThatThrownBy(job::await)
            .isInstanceOf(UserException.class)
            .hasMessageContaining("Kafka cluster")
            .hasMessageContaining("--fresh");
      }
      try (RunningJob job = JobRunner.start(request(other, new Wish(true, false)))) {
        assertThat(predicted(other, 5)).containsExactlyInAnyOrderElementsOf(upTo(5));
        assertThat(job.stop()).isPresent();
      }
    }
  }
}
