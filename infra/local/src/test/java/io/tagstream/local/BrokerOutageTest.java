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
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Prediction;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A job under load during an outage of its broker. */
@Timeout(180)
final class BrokerOutageTest {
  @TempDir private Path directory;

  private static Settings settings(Map<String, String> more) {
    Map<String, String> sets = new HashMap<>();
    sets.put("checkpoint.interval", "500 ms");
    sets.put("topics.partitions", "1");
    sets.putAll(more);
    return Settings.load(Optional.empty(), sets, Map.of());
  }

  private static RunningJob start(
      TestStream stream, Map<String, String> sets, Map<String, String> client) {
    return JobRunner.start(
        new JobRequest(
            new KafkaConnection(stream.bootstrapServer(), Duration.ofSeconds(30), client),
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

  private void survives(Map<String, String> sets, Map<String, String> client) throws Exception {
    try (TestStream stream = new TestStream(directory, settings(Map.of()));
        RunningJob job = start(stream, sets, client)) {
      job.awaitRunning();
      stream.send(TestStream.TOPICS.images(), 0, 10);
      stream.predictions(10);
      stream.send(TestStream.TOPICS.images(), 10, 40);
      stream.stopBroker();
      // Longer than the timeouts of checkpoints or of producers.
      assertThat(job.await(Duration.ofSeconds(10))).isFalse();
      stream.startBrokerAgain();
      stream.send(TestStream.TOPICS.images(), 40, 50);
      stream.predictions(50);
      assertThat(job.stop()).isPresent();
      assertThat(stream.allPredictions().stream().map(Prediction::getImageId))
          .containsExactlyInAnyOrderElementsOf(TestStream.ids(0, 50).toList());
    }
  }

  @Test
  void aJobSurvivesAnOutageWithoutARestart() throws Exception {
    survives(
        Map.of("restart.attempts", "0", "checkpoint.timeout", "2 s"),
        // Discovery of new partitions continues as well.
        Map.of("partition.discovery.interval.ms", "1000", "default.api.timeout.ms", "30000"));
  }

  @Test
  void aJobSurvivesAnOutageLongerThanTheProducersTimeouts() throws Exception {
    survives(
        Map.of("restart.initial-delay", "100 ms", "restart.max-delay", "1 s"),
        Map.of("delivery.timeout.ms", "3000", "request.timeout.ms", "1000"));
  }

  @Test
  void anOutageLongerThanItsSettingEndsTheJobWithThatReason() throws Exception {
    try (TestStream stream = new TestStream(directory, settings(Map.of()));
        RunningJob job = start(stream, Map.of("kafka.outage", "4 s"), Map.of())) {
      job.awaitRunning();
      stream.send(TestStream.TOPICS.images(), 0, 10);
      stream.predictions(10);
      stream.send(TestStream.TOPICS.images(), 10, 40);
      stream.stopBroker();
      try {
        assertThatThrownBy(job::await)
            .isInstanceOf(UserException.class)
            .hasMessageContaining("4 s (kafka.outage)");
      } finally {
        stream.startBrokerAgain();
      }
    }
  }

  @Test
  void aStopDuringAnOutageEndsWithoutASavepoint() throws Exception {
    try (TestStream stream = new TestStream(directory, settings(Map.of()))) {

      try (RunningJob job = start(stream, Map.of(), Map.of())) {
        job.awaitRunning();
        stream.send(TestStream.TOPICS.images(), 0, 10);
        stream.predictions(10);
        stream.stopBroker();
        assertThatThrownBy(job::stop)
            .isInstanceOf(UserException.class)
            .hasMessageContaining("Kafka does not answer");
      }
      stream.startBrokerAgain();
    }
  }
}
