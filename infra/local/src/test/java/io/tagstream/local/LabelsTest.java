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
import io.tagstream.schemas.Label;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Source;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import io.tagstream.trainingstore.StoredImage;
import io.tagstream.trainingstore.TrainingStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Labels on the topic {@code labels}, up to the training store. */
@Timeout(240)
final class LabelsTest {
  @TempDir private Path directory;

  private final Settings settings =
      Settings.load(
          Optional.empty(),
          Map.of(
              "checkpoint.interval", "500 ms",
              "source.idle-after", "500 ms",
              "labels.wait", "6 s",
              "topics.partitions", "2"),
          Map.of());

  private JobRequest request(TestStream stream) {
    return request(stream, Optional.of(store().toString()), false);
  }

  private JobRequest request(
      TestStream stream, Optional<String> trainingStore, boolean acceptLoss) {
    return new JobRequest(
        stream.connection(),
        TestStream.TOPICS,
        stream.models(),
        trainingStore,
        stream.checkpoints().toUri().toString(),
        "test",
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER,
        new Wish(false, acceptLoss),
        settings);
  }

  private Path store() {
    return directory.resolve("training");
  }

  private static Label label(int scene, String label, Optional<Source> source) {
    return Label.newBuilder()
        .setImageId("scene-" + scene)
        .setLabel(label)
        .setAnnotator("ann")
        .setLabeledAt(Instant.EPOCH)
        .setOrigin("random")
        .setSource(source.orElse(null))
        .build();
  }

  /** Id and label of each image in the finished files. */
  private Map<String, String> stored() {
    TrainingStore store = new TrainingStore(store());
    return store.read(store.list().files()).images().stream()
        .collect(Collectors.toMap(StoredImage::id, StoredImage::label));
  }

  private static void forget(TestStream stream, Source image) throws Exception {
    try (Admin admin = stream.connection().admin()) {
      admin
          .deleteRecords(
              Map.of(
                  new TopicPartition(image.getTopic(), image.getPartition()),
                  RecordsToDelete.beforeOffset(image.getOffset() + 1)))
          .all()
          .get();
    }
  }

  @Test
  void eachLabelIsStoredWithItsImageOrRejectedWithAReason() throws Exception {
    try (TestStream stream = new TestStream(directory, settings);
        RunningJob job = JobRunner.start(request(stream))) {
      // The label arrives before its image.
      stream.send(label(20, "before", Optional.empty()));
      stream.send(TestStream.TOPICS.images(), 0, 10);
      stream.send(TestStream.TOPICS.labeledImages(), 10, 12);
      Map<String, Source> sources =
          stream.predictions(12).stream()
              .collect(Collectors.toMap(Prediction::getImageId, Prediction::getSource));
      stream.send(TestStream.TOPICS.images(), 20, 21);

      // The label arrives after its image, by id and by coordinates, and twice.
      stream.send(label(0, "by id", Optional.empty()));
      stream.send(label(1, "by place", Optional.of(sources.get("scene-1"))));
      stream.send(label(2, "first", Optional.empty()));
      stream.send(label(2, "second", Optional.of(sources.get("scene-2"))));
      // The label of a labelled image is corrected, and a stored label is withdrawn.
      stream.send(label(10, "corrected", Optional.of(sources.get("scene-10"))));
      stream.send(label(11, null, Optional.empty()));
      // Labels without an image, or with another image's coordinates.
      stream.send(label(99, "no image", Optional.empty()));
      stream.send(label(98, "nowhere", Optional.of(new Source("elsewhere", 0, 0L))));
      stream.send(label(97, "another's", Optional.of(sources.get("scene-3"))));

      Map<String, String> expected =
          Map.of(
              "scene-20", "before",
              "scene-0", "by id",
              "scene-1", "by place",
              "scene-2", "second",
              "scene-10", "corrected");
      Map<String, String> stored = stored();
      while (!stored.equals(expected)) {
        assertThat(job.await(Duration.ofMillis(200))).isFalse();
        stored = stored();
      }
      List<Rejection> rejections = stream.rejections(3);
      assertThat(rejections)
          .allSatisfy(
              rejection -> {
                assertThat(rejection.getStage()).isEqualTo("label");
                assertThat(rejection.getSource().getTopic()).isEqualTo("labels");
              });
      assertThat(reasons(rejections))
          .containsOnlyKeys("scene-97", "scene-98", "scene-99")
          .hasEntrySatisfying("scene-97", reason -> assertThat(reason).contains("'scene-3'"))
          .hasEntrySatisfying("scene-98", reason -> assertThat(reason).contains("elsewhere-0@0"))
          .hasEntrySatisfying("scene-99", reason -> assertThat(reason).contains("no readable"));

      // The topic has deleted the image; labels by id and by coordinates.
      forget(stream, sources.get("scene-4"));
      stream.send(label(4, "dropped", Optional.empty()));
      stream.send(label(4, "dropped", Optional.of(sources.get("scene-4"))));
      assertThat(stream.rejections(5))
          .filteredOn(rejection -> rejection.getImageId().equals(Optional.of("scene-4")))
          .hasSize(2)
          .allSatisfy(rejection -> assertThat(rejection.getReason()).contains("was deleted"));

      assertThat(job.stop()).isPresent();
      assertThat(stream.allPredictions().stream().map(Prediction::getSource))
          .hasSize(13)
          .doesNotHaveDuplicates();
    }
  }

  private static Map<String, String> reasons(List<Rejection> rejections) {
    return rejections.stream()
        .collect(
            Collectors.toMap(
                rejection -> rejection.getImageId().orElseThrow(), Rejection::getReason));
  }

  @Test
  void labelsInFlightAreNotLostSilently() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      try (RunningJob job = JobRunner.start(request(stream))) {
        stream.send(TestStream.TOPICS.images(), 0, 5);
        assertThat(stream.predictions(5)).hasSize(5);
        assertThat(job.stop()).isPresent();
      }
      assertThatThrownBy(() -> JobRunner.start(request(stream, Optional.empty(), false)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("--training-store")
          .hasMessageContaining("--accept-loss");
      for (boolean acceptLoss : List.of(true, false)) {
        try (RunningJob job = JobRunner.start(request(stream, Optional.empty(), acceptLoss))) {
          assertThat(job.stop()).isPresent();
        }
      }
      try (RunningJob job = JobRunner.start(request(stream))) {
        stream.send(TestStream.TOPICS.images(), 5, 6);
        assertThat(stream.predictions(6)).hasSize(6);
        assertThat(job.stop()).isPresent();
      }
      assertThat(stream.allPredictions()).hasSize(6);
    }
  }

  @Test
  void imagesAndWaitingLabelsSurviveAStop() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      try (RunningJob job = JobRunner.start(request(stream))) {
        stream.send(TestStream.TOPICS.images(), 0, 5);
        assertThat(stream.predictions(5)).hasSize(5);
        stream.send(label(9, "before", Optional.empty()));
        assertThat(job.stop()).isPresent();
      }
      stream.send(TestStream.TOPICS.images(), 9, 10);
      stream.send(label(2, "after", Optional.empty()));
      Map<String, String> expected = Map.of("scene-9", "before", "scene-2", "after");
      try (RunningJob job = JobRunner.start(request(stream))) {
        while (!stored().equals(expected)) {
          assertThat(job.await(Duration.ofMillis(200))).isFalse();
        }
        assertThat(job.stop()).isPresent();
      }
    }
  }
}
