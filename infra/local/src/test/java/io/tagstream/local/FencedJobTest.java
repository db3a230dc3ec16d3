package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.schemas.Prediction;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A running job whose transactional ids another producer takes over. */
@Timeout(120)
final class FencedJobTest {
  @TempDir private Path directory;
  private TestStream stream;

  @BeforeEach
  void start() {
    stream = new TestStream(directory, settings(Map.of()));
  }

  @AfterEach
  void stop() {
    stream.close();
  }

  private static Settings settings(Map<String, String> more) {
    Map<String, String> sets = new HashMap<>();
    // A transaction stays open until the test ends it.
    sets.put("checkpoint.interval", "1 h");
    sets.put("checkpoint.tolerable-age", "2 h");
    sets.put("topics.partitions", "1");
    sets.put("restart.initial-delay", "10 ms");
    sets.putAll(more);
    return Settings.load(Optional.empty(), sets, Map.of());
  }

  private RunningJob start(Map<String, String> sets) {
    return JobRunner.start(
        new JobRequest(
            stream.connection(),
            TestStream.TOPICS,
            stream.models(),
            Optional.empty(),
            stream.checkpoints().toString(),
            "test",
            EngineKind.DEEPLEARNING4J,
            Device.CPU,
            Views.CENTER,
            new Wish(false, false),
            settings(sets)));
  }

  /**
   * Initialises producers with the job's ids, as a job of its name from a release without name
   * locks would.
   */
  private void fence(List<String> ids) {
    for (String id : ids) {
      Properties properties = stream.connection().producerProperties();
      properties.setProperty(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
      try (KafkaProducer<byte[], byte[]> foreign =
          new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
        foreign.initTransactions();
      }
    }
  }

  /** Ten images in a transaction that stays open, because only the first checkpoint comes soon. */
  private void writeTen(RunningJob job) throws Exception {
    while (job.observe().completed() == 0) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    stream.send(TestStream.TOPICS.images(), 0, 10);
    while (stream.writtenPredictions() < 10) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** Fences the open transaction of a job, which then writes again. */
  private RunningJob fenced(Map<String, String> sets) throws Exception {
    RunningJob job = start(sets);
    writeTen(job);
    fence(stream.openTransactions());
    stream.send(TestStream.TOPICS.images(), 10, 20);
    return job;
  }

  private static void assertFenced(RunningJob job) {
    assertThatThrownBy(job::await)
        .isInstanceOf(UserException.class)
        .hasMessageContaining("Kafka ended the job's open transaction")
        .hasMessageContaining("another job of this name");
  }

  @Test
  void theJobEndsWithTheCause() throws Exception {
    try (RunningJob job = fenced(Map.of("restart.attempts", "0"))) {
      assertFenced(job);
    }
  }

  @Test
  void aRestartFencesTheOtherProducerAndAnswersEachImageOnce() throws Exception {
    try (RunningJob job = fenced(Map.of())) {
      while (job.observe().restarts().count() == 0) {
        assertThat(job.await(Duration.ofMillis(50))).isFalse();
      }
      job.awaitRunning();
      assertThat(job.stop()).isPresent();
    }
    try (RunningJob again = start(Map.of("checkpoint.interval", "500 ms"))) {
      stream.send(TestStream.TOPICS.images(), 20, 30);
      stream.predictions(30);
      assertThat(again.stop()).isPresent();
    }
    assertThat(stream.allPredictions().stream().map(Prediction::getImageId))
        .containsExactlyInAnyOrderElementsOf(TestStream.ids(0, 30).toList());
  }
}
