package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tagstream.job.retrain.RetrainCommand;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.Prediction;
import io.tagstream.settings.Settings;
import io.tagstream.trainingstore.RunManifest;
import io.tagstream.trainingstore.StoreFile;
import io.tagstream.trainingstore.StoredImage;
import io.tagstream.trainingstore.TrainingStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * This release resumes what a job of an earlier release left: its snapshot, its records on the
 * topics and its training store. {@code -Dtagstream.earlier=DIR} names a checkout of that release;
 * its launcher compiles it if necessary.
 */
@Tag("long")
@Timeout(600)
final class EarlierReleaseTest {
  /** Images sent to the earlier release, with labels and without. */
  private static final int LABELLED = 200;

  private static final int PLAIN = 300;

  /** Images that arrive while the earlier release ends. */
  private static final int IN_WORK = 500;

  private static final int MORE = 1000;

  /** Labels whose images arrive after it has ended. */
  private static final int AWAITED = 20;

  /**
   * Labels for images that it has read: sent while it runs, then by its commands and by this
   * release's.
   */
  private static final int LATE = 20;

  private static final int ALL = MORE + AWAITED + 50;

  private static final Map<String, String> SETS =
      Map.of(
          "checkpoint.interval", "1 s",
          "source.idle-after", "500 ms",
          // Only a request starts a run.
          "retrain.min-labels", "1000000",
          "retrain.aged-labels", "1000000",
          "retrain.look-every", "200 ms",
          "training.image-steps", "2000",
          "training.min-per-class", "3");

  @TempDir private Path directory;
  private Path earlier = Path.of("");

  @BeforeEach
  void findEarlierRelease() {
    String checkout = System.getProperty("tagstream.earlier");
    assumeTrue(checkout != null, "-Dtagstream.earlier=DIR names no checkout of an earlier release");
    earlier = Path.of(checkout, "tagstream").toAbsolutePath();
    assumeTrue(Files.isExecutable(earlier), earlier + " cannot be run");
  }

  @Test
  void theStateOfAKilledJobIsResumed() throws Exception {
    upgrade(
        job -> {
          job.destroyForcibly();
          assertThat(job.waitFor()).isNotZero();
        });
  }

  @Test
  void theStateOfAStoppedJobIsResumed() throws Exception {
    upgrade(
        job -> {
          job.destroy();
          assertThat(job.waitFor()).isZero();
        });
  }

  private interface End {
    void of(Process job) throws InterruptedException;
  }

  private interface Condition {
    boolean isMet() throws Exception;
  }

  private void upgrade(End end) throws Exception {
    Settings settings = Settings.load(Optional.empty(), Map.of("topics.partitions", "2"), Map.of());
    try (TestStream stream = new TestStream(directory, settings)) {
      TrainingStore store = new TrainingStore(store());
      Process before =
          stream.startJob(
              List.of(earlier.toString(), "job"), directory.resolve("earlier.log"), options());
      stream.send(TestStream.TOPICS.labeledImages(), 0, LABELLED);
      stream.send(TestStream.TOPICS.images(), LABELLED, PLAIN);
      earlierLabels(
          stream,
          IntStream.concat(
              IntStream.range(LABELLED, LABELLED + LATE), IntStream.range(MORE, MORE + AWAITED)));
      await(before, () -> stream.allPredictions().size() == PLAIN && store.list().rows() > 0);
      List<String> files = store.list().files().stream().map(StoreFile::name).toList();
      // The waiting labels are in the state with which the next job resumes.
      int checkpoint = newestCheckpoint(stream);
      await(before, () -> newestCheckpoint(stream) >= checkpoint + 2);
      stream.send(TestStream.TOPICS.images(), PLAIN, IN_WORK);
      await(before, () -> stream.allPredictions().size() > PLAIN);
      // In mid-stream: some images are predicted, some are in a prepared transaction, others in
      // neither.
      stream.send(TestStream.TOPICS.images(), IN_WORK, MORE);
      end.of(before);
      int predicted = stream.allPredictions().size();

      Path log = directory.resolve("this.log");
      Process after = stream.startJob(log, options());
      stream.send(TestStream.TOPICS.images(), MORE, ALL);
      // Producers of the earlier release may still run after the upgrade of the job.
      earlierLabels(stream, IntStream.range(LABELLED + LATE, LABELLED + 2 * LATE));
      sendLabels(stream, LABELLED + 2 * LATE, LABELLED + 3 * LATE);
      int rows = LABELLED + 3 * LATE + AWAITED;
      await(after, () -> stream.allPredictions().size() >= ALL && store.list().rows() >= rows);
      // A duplicate would arrive with one of the next checkpoints.
      int last = newestCheckpoint(stream);
      await(after, () -> newestCheckpoint(stream) >= last + 2);
      assertThat(log).content().contains("resumes from");
      assertThat(stream.allPredictions())
          .extracting(Prediction::getImageId)
          .containsExactlyInAnyOrderElementsOf(TestStream.ids(0, ALL).toList());
      assertThat(stream.allRejections()).isEmpty();
      assertThat(store.list().rows()).isEqualTo(rows);
      assertThat(store.list().unusable()).isEmpty();
      List<StoredImage> images = store.read(store.list().files()).images();
      assertThat(images)
          .extracting(image -> image.id() + "=" + image.label())
          .containsExactlyInAnyOrderElementsOf(labels());
      for (StoredImage image : images) {
        assertThat(image.content().read()).isNotEmpty();
      }

      RunManifest manifest = train(stream, after, store);
      assertThat(manifest.parts()).containsAll(files);
      assertThat(manifest.leftOut()).isEmpty();
      assertThat(new ModelStore(stream.models()).metadata(manifest.run().version()).verdict())
          .isPresent();
      after.destroy();
      assertThat(after.waitFor()).isZero();
      System.out.printf(
          "%d images: %d answered by the earlier release, %d by this one; %d labels, %d files of the earlier release's training store in the run for %s%n",
          ALL, predicted, ALL - predicted, rows, files.size(), manifest.run().version());
    }
  }

  private Path store() {
    return directory.resolve("training");
  }

  private String[] options() {
    Stream<String> sets =
        SETS.entrySet().stream()
            .flatMap(set -> Stream.of("--set", set.getKey() + "=" + set.getValue()));
    return Stream.concat(Stream.of("--training-store", store().toString()), sets)
        .toArray(String[]::new);
  }

  /** The expected content of the training store: each label once. */
  private static List<String> labels() {
    return IntStream.concat(
            IntStream.range(0, LABELLED + 3 * LATE), IntStream.range(MORE, MORE + AWAITED))
        .mapToObj(number -> "scene-" + number + "=" + TestStream.labelOf(number))
        .toList();
  }

  /** {@code tagstream label} of the earlier release, because its job cannot read later records. */
  private void earlierLabels(TestStream stream, IntStream scenes) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                earlier.toString(),
                "label",
                "--bootstrap-server",
                stream.bootstrapServer(),
                "--annotator",
                "ann"));
    scenes.forEach(
        number -> command.add("scene-%d=%s".formatted(number, TestStream.labelOf(number))));
    Process label =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("label.log").toFile())
            .start();
    assertThat(label.waitFor()).isZero();
  }

  private static void sendLabels(TestStream stream, int from, int to) {
    for (int number = from; number < to; number++) {
      stream.send(
          Label.newBuilder()
              .setImageId("scene-" + number)
              .setLabel(TestStream.labelOf(number))
              .setAnnotator("ann")
              .setLabeledAt(Instant.EPOCH)
              .setOrigin("random")
              .build());
    }
  }

  /** The number of the newest complete checkpoint of any run. */
  private static int newestCheckpoint(TestStream stream) throws IOException {
    try (Stream<Path> files = Files.find(stream.checkpoints(), 4, (file, found) -> true)) {
      return files
          .filter(file -> file.endsWith("_metadata"))
          .map(file -> file.getParent().getFileName().toString())
          .filter(name -> name.startsWith("chk-"))
          .mapToInt(name -> Integer.parseInt(name.substring("chk-".length())))
          .max()
          .orElse(0);
    }
  }

  private static void await(Process job, Condition condition) throws Exception {
    while (!condition.isMet()) {
      assertThat(job.waitFor(500, TimeUnit.MILLISECONDS)).as("the job has ended").isFalse();
    }
  }

  private static RunManifest train(TestStream stream, Process job, TrainingStore store)
      throws Exception {
    int exit =
        new CommandLine(new RetrainCommand())
            .execute("--bootstrap-server", stream.bootstrapServer(), "--by", "ann");
    assertThat(exit).isZero();
    await(job, () -> !store.runs().versions().isEmpty());
    String version = store.runs().versions().get(0);
    await(job, () -> store.runs().ended(version));
    return store.runs().find(version).orElseThrow();
  }
}
