package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.retrain.RetrainCommand;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.Prediction;
import io.tagstream.settings.Settings;
import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.TrainingStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** From labelled images on Kafka to predictions of the version trained on them. */
@Timeout(300)
final class RetrainTest {
  @TempDir private Path directory;

  private static final Map<String, String> SETS =
      Map.of(
          "checkpoint.interval", "500 ms",
          "retrain.min-labels", "100",
          "retrain.quiet-after", "3 s",
          "retrain.look-every", "200 ms",
          "training.image-steps", "4000",
          "training.min-per-class", "3");

  private final Settings settings = Settings.load(Optional.empty(), SETS, Map.of());

  private JobRequest request(TestStream stream) {
    return new JobRequest(
        stream.connection(),
        TestStream.TOPICS,
        stream.models(),
        Optional.of(directory.resolve("training").toString()),
        stream.checkpoints().toUri().toString(),
        "test",
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER,
        new Wish(false, false),
        settings);
  }

  @Test
  void labelledImagesMakeABetterVersionAndARequestTheNext() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      ModelStore models = new ModelStore(stream.models());
      String first = models.live();
      String second;
      try (RunningJob job = JobRunner.start(request(stream))) {
        stream.send(TestStream.TOPICS.labeledImages(), 0, 300);
        while (models.live().equals(first)) {
          assertThat(job.await(Duration.ofMillis(200))).isFalse();
        }
        second = models.live();
        List<ModelUpdate> news = stream.modelUpdates(2);
        assertThat(news)
            .extracting(ModelUpdate::getStatus)
            .containsExactly("candidate", "promoted");
        assertThat(news)
            .allSatisfy(
                update -> {
                  assertThat(update.getVersion()).contains(second);
                  assertThat(update.getBy()).isEqualTo("tagstream job test");
                  assertThat(update.getVerdict().orElseThrow().getIncumbent()).contains(first);
                });
        // The job reads its own model updates.
        int sent = 300;
        String answering = first;
        while (!answering.equals(second)) {
          stream.send(TestStream.TOPICS.images(), sent, sent + 1);
          sent++;
          List<Prediction> predictions = stream.predictions(sent);
          answering = predictions.get(predictions.size() - 1).getModelVersion();
        }

        String request = retrain(stream);
        TrainingStore store = new TrainingStore(directory.resolve("training"));
        while (store.runs().versions().size() < 2) {
          assertThat(job.await(Duration.ofMillis(200))).isFalse();
        }
        RetrainRun asked = store.runs().find(store.runs().versions().get(1)).orElseThrow().run();
        assertThat(asked.requests()).containsExactly(request);
        assertThat(asked.parent()).isEqualTo(second);
        assertThat(asked.reason()).isEqualTo("asked for by ann (new camera)");
        while (!store.runs().ended(asked.version())) {
          assertThat(job.await(Duration.ofMillis(200))).isFalse();
        }
        assertThat(job.stop()).isPresent();
      }
      Verdict verdict = models.metadata(second).verdict().orElseThrow();
      assertThat(verdict.candidate().top1())
          .isGreaterThan(verdict.incumbent().orElseThrow().scores().top1());
      assertThat(models.history().get(1))
          .satisfies(change -> assertThat(change.version()).isEqualTo(second))
          .satisfies(change -> assertThat(change.by()).isEqualTo("tagstream job test"));
      RetrainStatus status = RetrainStatus.read(stream.models(), "test").orElseThrow();
      assertThat(status.rows()).isEqualTo(300);
      assertThat(status.newLabels()).isZero();
      assertThat(models.liveAccuracy().versions()).containsKey(first);
    }
  }

  /** Runs {@code tagstream retrain} and returns the id of the request. */
  private static String retrain(TestStream stream) {
    StringWriter out = new StringWriter();
    int exit =
        new CommandLine(new RetrainCommand())
            .setOut(new PrintWriter(out))
            .execute(
                "--bootstrap-server",
                stream.bootstrapServer(),
                "--by",
                "ann",
                "--reason",
                "new camera");
    assertThat(exit).isZero();
    return out.toString().strip();
  }

  private Process startJob(TestStream stream, String log) throws IOException {
    Stream<String> sets =
        SETS.entrySet().stream()
            .flatMap(set -> Stream.of("--set", set.getKey() + "=" + set.getValue()));
    Stream<String> store = Stream.of("--training-store", directory.resolve("training").toString());
    return stream.startJob(
        directory.resolve(log), Stream.concat(store, sets).toArray(String[]::new));
  }

  private static void await(Process job, BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      assertThat(job.waitFor(50, TimeUnit.MILLISECONDS)).as("the job has ended").isFalse();
    }
  }

  @Test
  @Tag("long")
  void aProcessKilledDuringTrainingAndPromotionPublishesOnce() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      ModelStore models = new ModelStore(stream.models());
      String first = models.live();
      Process training = startJob(stream, "training.log");
      stream.send(TestStream.TOPICS.labeledImages(), 0, 300);
      await(
          training,
          () ->
              RetrainStatus.read(stream.models(), "test")
                  .flatMap(RetrainStatus::run)
                  .flatMap(RetrainStatus.Run::progress)
                  .isPresent());
      training.destroyForcibly().waitFor();

      Process publishing = startJob(stream, "publishing.log");
      await(publishing, () -> !models.live().equals(first));
      // The update may be committed or not, or the outcome is about to be written.
      publishing.destroyForcibly().waitFor();

      String second = models.live();
      TrainingStore store = new TrainingStore(directory.resolve("training"));
      Process last = startJob(stream, "last.log");
      await(last, () -> store.runs().ended(second));
      // A second announcement would be visible after the next checkpoint.
      stream.send(TestStream.TOPICS.images(), 300, 310);
      assertThat(stream.predictions(310)).hasSize(310);
      last.destroy();
      assertThat(last.waitFor()).isZero();

      assertThat(stream.allModelUpdates())
          .extracting(update -> update.getStatus() + " " + update.getVersion().orElseThrow())
          .containsExactly("candidate " + second, "promoted " + second);
      assertThat(store.runs().versions()).containsExactly(second);
      assertThat(models.history()).extracting(LiveChange::version).containsExactly(first, second);
      assertThat(store.list().rows()).isEqualTo(300);
      assertThat(store.read(store.list().files()).images()).hasSize(300);
    }
  }
}
