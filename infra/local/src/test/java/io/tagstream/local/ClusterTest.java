package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.JobStatus;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import io.tagstream.trainingstore.TrainingStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar of the job on a JobManager and a TaskManager, submitted as {@code flink run} does. */
@Timeout(300)
final class ClusterTest {
  private static final int IMAGES = 100;
  private static final int LABELED = 5;

  @TempDir private Path directory;

  @Test
  void theJobsJarTagsImagesOnACluster() throws Exception {
    Path built = Path.of("../../flink-job/target").toAbsolutePath().normalize();
    Path jar = built.resolve("tagstream-job.jar");
    assumeTrue(
        Files.exists(jar),
        "skipped: %s is built by the phase package, before this one".formatted(jar));
    Settings settings = Settings.load(Optional.empty(), Map.of("topics.partitions", "2"), Map.of());
    try (TestStream stream = new TestStream(directory, settings);
        FlinkCluster cluster =
            FlinkCluster.start(
                Files.createDirectory(directory.resolve("flink")), built.resolve("lib"), 1, "")) {
      stream.send(TestStream.TOPICS.images(), 0, IMAGES);
      stream.send(TestStream.TOPICS.labeledImages(), IMAGES, IMAGES + LABELED);
      cluster.submit(
          jar,
          List.of(
              "--bootstrap-server",
              stream.bootstrapServer(),
              "--models",
              stream.models().toString(),
              "--checkpoints",
              stream.checkpoints().toUri().toString(),
              "--training-store",
              directory.resolve("training").toString(),
              "--set",
              "checkpoint.interval=1 s"));
      assertThat(stream.predictions(IMAGES + LABELED).stream().map(Prediction::getImageId))
          .containsExactlyInAnyOrderElementsOf(TestStream.ids(0, IMAGES + LABELED).toList());
      // A status that no process here writes: on a cluster an operator writes it.
      while (JobStatus.read(stream.models(), Topics.DEFAULT_JOB)
          .filter(status -> status.state() == JobStatus.State.RUNNING)
          .isEmpty()) {
        TimeUnit.MILLISECONDS.sleep(200);
      }
      JobStatus status = JobStatus.read(stream.models(), Topics.DEFAULT_JOB).orElseThrow();
      assertThat(status.lastCheckpoint()).isPresent();
      assertThat(status.process().id()).isNotEqualTo(ProcessHandle.current().pid());
      assertThatThrownBy(() -> JobRunner.start(another(stream, settings)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining(
              "job tagstream is running already: process %d on".formatted(status.process().id()));
      stream.send(
          Label.newBuilder()
              .setImageId("scene-0")
              .setLabel("by id")
              .setAnnotator("ann")
              .setLabeledAt(Instant.EPOCH)
              .setOrigin("random")
              .build());
      TrainingStore store = new TrainingStore(directory.resolve("training"));
      while (store.list().rows() < LABELED + 1) {
        TimeUnit.MILLISECONDS.sleep(200);
      }
    }
  }

  /** A job of the same name in this process, with other checkpoints. */
  private JobRequest another(TestStream stream, Settings settings) {
    return new JobRequest(
        stream.connection(),
        TestStream.TOPICS,
        stream.models(),
        Optional.empty(),
        directory.resolve("elsewhere").toString(),
        Topics.DEFAULT_JOB,
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER,
        new Wish(true, false),
        settings);
  }
}
