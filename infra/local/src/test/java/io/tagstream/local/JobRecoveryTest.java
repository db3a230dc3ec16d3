package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.JobOnCluster;
import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.lock.JobName;
import io.tagstream.job.lock.NameLock;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.JobStatus;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a read-committed consumer sees when the job's process dies or Kafka's data have changed. */
@Timeout(240)
final class JobRecoveryTest {
  private static final Settings SETTINGS =
      Settings.load(
          Optional.empty(),
          Map.of("checkpoint.interval", "500 ms", "topics.partitions", "1"),
          Map.of());

  /** Short, so that a test can outlast it, but long enough to start a process on a busy machine. */
  private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(20);

  @TempDir private Path directory;
  private TestStream stream;
  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void start() {
    stream =
        new TestStream(
            directory,
            SETTINGS,
            Map.of("transaction.max.timeout.ms", Long.toString(TRANSACTION_TIMEOUT.toMillis())));
  }

  @AfterEach
  void stop() {
    processes.forEach(Process::destroyForcibly);
    stream.close();
  }

  private JobRequest request(KafkaConnection connection, Wish wish) {
    return new JobRequest(
        connection,
        TestStream.TOPICS,
        stream.models(),
        Optional.empty(),
        stream.checkpoints().toString(),
        "test",
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER,
        wish,
        SETTINGS);
  }

  /** Starts {@code tagstream job} as a process. */
  private Process jobProcess() throws IOException {
    return jobProcess(stream.checkpoints());
  }

  private Process jobProcess(Path checkpoints, String... more) throws IOException {
    List<String> command = new ArrayList<>(command(checkpoints));
    command.addAll(TestStream.SHORT_SESSION);
    command.addAll(List.of(more));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log(processes.size()).toFile())
            .start();
    processes.add(process);
    return process;
  }

  private Path log(int process) {
    return directory.resolve("job-%d.log".formatted(process));
  }

  private List<String> command(Path checkpoints) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx512m",
        "--add-opens=java.base/java.util=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        JobOnCluster.class.getName(),
        "--bootstrap-server",
        stream.bootstrapServer(),
        "--models",
        stream.models().toString(),
        "--checkpoints",
        checkpoints.toString(),
        "--name",
        "test",
        "--views",
        "1",
        "--set",
        "checkpoint.interval=500 ms");
  }

  /**
   * Waits for this many committed predictions and returns their source offsets, from the beginning.
   */
  private static List<Long> predicted(KafkaConnection connection, int count) throws Exception {
    List<Long> offsets = new ArrayList<>();
    WireFormat<Prediction> format = WireFormat.of(Prediction.class);
    TopicPartition partition = new TopicPartition(TestStream.TOPICS.predictions(), 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            connection.consumerProperties(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      boolean more = true;
      // A duplicate follows immediately, so one more poll is enough to see it.
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
  void aKilledProcessLosesAndDuplicatesNothing() throws Exception {
    Process first = jobProcess();
    stream.send(TestStream.TOPICS.images(), 0, 40);
    predicted(stream.connection(), 1);
    stream.send(TestStream.TOPICS.images(), 40, 300);
    // In mid-stream: some images are predicted, some are in a prepared transaction, others in
    // neither.
    predicted(stream.connection(), 41);
    first.destroyForcibly();
    assertThat(first.waitFor()).isNotZero();
    stream.send(TestStream.TOPICS.images(), 300, 340);
    Process second = jobProcess();
    assertThat(predicted(stream.connection(), 340)).containsExactlyInAnyOrderElementsOf(upTo(340));
    second.destroy();
    assertThat(second.waitFor()).isZero();
  }

  @Test
  void aSecondJobOfTheNameIsRefusedWithAnyFolderAndTheFirstContinues() throws Exception {
    stream.send(TestStream.TOPICS.images(), 0, 10);
    try (RunningJob first = JobRunner.start(request(stream.connection(), new Wish(false, false)))) {
      predicted(stream.connection(), 10);
      Process second = jobProcess(directory.resolve("elsewhere"), "--fresh");
      assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(second.exitValue()).isEqualTo(1);
      assertThat(Files.readString(log(0)))
          .contains(
              "job test is running already: process %d on".formatted(ProcessHandle.current().pid()))
          .contains("consumer group tagstream-test-lock")
          .contains("another --name");
      stream.send(TestStream.TOPICS.images(), 10, 20);
      assertThat(predicted(stream.connection(), 20)).containsExactlyInAnyOrderElementsOf(upTo(20));
      assertThat(first.observe().restarts().count()).isZero();
      assertThat(first.stop()).isPresent();
    }
  }

  @Test
  void ofTwoJobsOfOneNameTheLaterOneYields() throws Exception {
    try (RunningJob later = JobRunner.start(request(stream.connection(), new Wish(false, false)));
        NameLock earlier =
            JobName.of(stream.connection(), TestStream.TOPICS, "test")
                .keep(Instant.EPOCH, "earlier")) {
      assertThatThrownBy(later::await)
          .isInstanceOf(UserException.class)
          .hasMessageContaining("runs a job of this name")
          .hasMessageContaining("began before it");
      assertThat(earlier.lost()).isNotDone();
    }
    JobStatus status = JobStatus.read(stream.models(), "test").orElseThrow();
    assertThat(status.state()).isEqualTo(JobStatus.State.FAILED);
    assertThat(status.cause().orElseThrow()).contains("began before it");
  }

  @Test
  void committedOffsetsWithoutASnapshotAreRefusedUnlessFresh() throws Exception {
    stream.send(TestStream.TOPICS.images(), 0, 10);
    // The offsets of a job whose snapshots are in another folder.
    try (Admin admin = stream.connection().admin()) {
      admin
          .alterConsumerGroupOffsets(
              Topics.consumerGroup("test"),
              Map.of(new TopicPartition(TestStream.TOPICS.images(), 0), new OffsetAndMetadata(4)))
          .all()
          .get();
    }
    assertThatThrownBy(() -> JobRunner.start(request(stream.connection(), new Wish(false, false))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("consumer group tagstream-test has committed offsets")
        .hasMessageContaining(stream.checkpoints().resolve("test").toString())
        .hasMessageContaining("--fresh");
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(true, false)))) {
      assertThat(predicted(stream.connection(), 6))
          .containsExactlyInAnyOrder(4L, 5L, 6L, 7L, 8L, 9L);
      assertThat(job.stop()).isPresent();
    }
  }

  @Test
  @Tag("long")
  void aStopOutlastsTheTransactionsTimeout() throws Exception {
    Process first = jobProcess();
    stream.send(TestStream.TOPICS.images(), 0, 40);
    predicted(stream.connection(), 1);
    stream.send(TestStream.TOPICS.images(), 40, 300);
    predicted(stream.connection(), 41);
    first.destroy();
    assertThat(first.waitFor()).isZero();
    // Only waiting makes a transaction time out.
    Thread.sleep(TRANSACTION_TIMEOUT.plusSeconds(2).toMillis());
    Process second = jobProcess();
    assertThat(predicted(stream.connection(), 300)).containsExactlyInAnyOrderElementsOf(upTo(300));
    second.destroy();
    assertThat(second.waitFor()).isZero();
  }

  @Test
  @Tag("long")
  void aCrashDoesNotOutlastTheTimeoutUnlessTheLossIsAccepted() throws Exception {
    Process first = jobProcess();
    stream.send(TestStream.TOPICS.images(), 0, 40);
    predicted(stream.connection(), 40);
    first.destroyForcibly();
    assertThat(first.waitFor()).isNotZero();
    Thread.sleep(TRANSACTION_TIMEOUT.plusSeconds(2).toMillis());
    assertThatThrownBy(() -> JobRunner.start(request(stream.connection(), new Wish(false, false))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("--accept-loss");
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(false, true)))) {
      assertThat(job.stop()).isPresent();
    }
  }

  @Test
  void aGapIsRefusedByPartitionAndRangeUnlessAccepted() throws Exception {
    stream.send(TestStream.TOPICS.images(), 0, 10);
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(false, false)))) {
      predicted(stream.connection(), 10);
      assertThat(job.stop()).isPresent();
    }
    stream.send(TestStream.TOPICS.images(), 10, 30);
    try (Admin admin = stream.connection().admin()) {
      admin
          .deleteRecords(
              Map.of(
                  new TopicPartition(TestStream.TOPICS.images(), 0),
                  RecordsToDelete.beforeOffset(20)))
          .all()
          .get();
    }
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(false, false)))) {
      assertThatThrownBy(job::await)
          .isInstanceOf(UserException.class)
          .hasMessageContaining("images-0 offsets 10 to 19")
          .hasMessageContaining("--accept-loss");
    }
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(false, true)))) {
      predicted(stream.connection(), 20);
      assertThat(job.stop()).isPresent();
    }
  }

  private void recreateImagesTopic() throws Exception {
    try (Admin admin = stream.connection().admin()) {
      admin.deleteTopics(List.of(TestStream.TOPICS.images())).all().get();
    }
    stream.createTopics();
  }

  private void assertRefusesARecreatedTopic(RunningJob job) {
    assertThatThrownBy(job::await)
        .isInstanceOf(UserException.class)
        .hasMessageContaining("topic images was deleted and recreated")
        .hasMessageContaining("--fresh");
  }

  /** Every record of the new topic has a prediction, in addition to those of the old topic. */
  private void assertFreshStartAnswersAllNewRecords(int before) throws Exception {
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(true, false)))) {
      List<Long> offsets = predicted(stream.connection(), before + 20);
      assertThat(offsets.subList(before, offsets.size()))
          .containsExactlyInAnyOrderElementsOf(upTo(20));
      assertThat(job.stop()).isPresent();
    }
  }

  @Test
  void aTopicRecreatedWhileTheJobIsDownIsRefusedByName() throws Exception {
    stream.send(TestStream.TOPICS.images(), 0, 10);
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(false, false)))) {
      predicted(stream.connection(), 10);
      assertThat(job.stop()).isPresent();
    }
    recreateImagesTopic();
    stream.send(TestStream.TOPICS.images(), 0, 20);
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(false, true)))) {
      assertRefusesARecreatedTopic(job);
    }
    assertFreshStartAnswersAllNewRecords(10);
  }

  @Test
  void aTopicRecreatedWhileTheJobRunsEndsIt() throws Exception {
    stream.send(TestStream.TOPICS.images(), 0, 10);
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(false, true)))) {
      predicted(stream.connection(), 10);
      recreateImagesTopic();
      stream.send(TestStream.TOPICS.images(), 0, 20);
      assertRefusesARecreatedTopic(job);
    }
    // The job may have read some new records as later records of the old topic.
    int answered = stream.allPredictions().size();
    assertFreshStartAnswersAllNewRecords(answered);
  }

  @Test
  void aSnapshotOfAnotherClusterIsRefusedByName() throws Exception {
    stream.send(TestStream.TOPICS.images(), 0, 5);
    try (RunningJob job = JobRunner.start(request(stream.connection(), new Wish(false, false)))) {
      predicted(stream.connection(), 5);
      assertThat(job.stop()).isPresent();
    }
    try (LocalBroker other = stream.startBroker("other-kafka")) {
      KafkaConnection elsewhere = TestStream.connection(other);
      TestStream.send(elsewhere, TestStream.TOPICS.images(), 0, 5, image -> image);
      try (RunningJob job = JobRunner.start(request(elsewhere, new Wish(false, false)))) {
        assertThatThrownBy(job::await)
            .isInstanceOf(UserException.class)
            .hasMessageContaining("Kafka cluster")
            .hasMessageContaining("--fresh");
      }
      try (RunningJob job = JobRunner.start(request(elsewhere, new Wish(true, false)))) {
        assertThat(predicted(elsewhere, 5)).containsExactlyInAnyOrderElementsOf(upTo(5));
        assertThat(job.stop()).isPresent();
      }
    }
  }
}
