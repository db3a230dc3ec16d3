package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.job.trainingstore.TrainingRun;
import io.tagstream.job.trainingstore.TrainingStore;
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
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** From labelled images on Kafka to predictions of the version that learned from them. */
@Timeout(300)
final class RetrainTest {
  @TempDir private Path directory;

  private final Settings settings =
      Settings.load(
          Optional.empty(),
          Map.of(
              "checkpoint.interval", "500 ms",
              "retrain.min-labels", "100",
              "retrain.quiet-after", "3 s",
              "retrain.look-every", "200 ms",
              "training.image-steps", "4000",
              "training.min-per-class", "3"),
          Map.of());

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
  void labelledImagesMakeABetterVersionThatGoesLiveByItself() throws Exception {
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
        // The job reads its own news.
        int sent = 300;
        String answering = first;
        while (!answering.equals(second)) {
          stream.send(TestStream.TOPICS.images(), sent, sent + 1);
          sent++;
          List<Prediction> predictions = stream.predictions(sent);
          answering = predictions.get(predictions.size() - 1).getModelVersion();
        }
        assertThat(job.stop()).isPresent();
      }
      Verdict verdict = models.metadata(second).verdict().orElseThrow();
      assertThat(verdict.candidate().top1())
          .isGreaterThan(verdict.incumbent().orElseThrow().scores().top1());
      assertThat(models.history())
          .last()
          .satisfies(change -> assertThat(change.by()).isEqualTo("tagstream job test"))
          .extracting(LiveChange::version)
          .isEqualTo(second);
      TrainingStore store = new TrainingStore(directory.resolve("training"));
      assertThat(store.runs().all()).extracting(TrainingRun::version).containsExactly(second);
      assertThat(store.runs().outcome(second).orElseThrow().status()).isEqualTo("promoted");
      RetrainStatus status = RetrainStatus.read(stream.models(), "test").orElseThrow();
      assertThat(status.rows()).isEqualTo(300);
      assertThat(status.last().orElseThrow().version()).isEqualTo(second);
      assertThat(models.liveAccuracy().versions()).containsKey(first);
    }
  }
}
