package io.tagstream.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.inference.FakeModels;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.label.FakeLog;
import io.tagstream.job.retrain.RetrainOperator;
import io.tagstream.job.retrain.Retraining;
import io.tagstream.job.retrain.StoredModels;
import io.tagstream.job.retrain.StoredRuns;
import io.tagstream.job.retrain.StoredTraining;
import io.tagstream.job.snapshot.JobLock;
import io.tagstream.job.snapshot.ResumeDecision;
import io.tagstream.job.snapshot.ResumeDecision.Transactions;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.job.snapshot.Snapshot;
import io.tagstream.job.snapshot.SnapshotFolder;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.CheckpointSettings;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.JobSettings;
import io.tagstream.settings.KafkaSettings;
import io.tagstream.settings.LabelSettings;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TrainingSettings;
import io.tagstream.settings.TrainingStoreSettings;
import io.tagstream.settings.UserException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiter;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole topology on a Flink cluster in this process, with sources and sinks in memory. */
@Timeout(120)
class RestartTest {
  private static final int RECORDS = 600;
  private static final int BROKEN_EVERY = 10;

  @TempDir private Path checkpoints;

  private final FakeLog log = new FakeLog();
  private final FakeModels models = new FakeModels();
  private final MemorySink<TaggedImage> predictions =
      new MemorySink<>(tagged -> Long.toString(tagged.source().offset()));
  private final MemorySink<RejectedImage> rejections =
      new MemorySink<>(rejected -> Long.toString(rejected.source.offset()));

  /** The sink of predictions. */
  private Sink<TaggedImage> answers = predictions;

  private static CompletableFuture<Void> rest = new CompletableFuture<>();

  @BeforeEach
  void holdTheRestBack() {
    rest = new CompletableFuture<>();
  }

  /** Emits the first records, and the rest when the test allows it. */
  private static final class Gate implements RateLimiterStrategy<NumberSequenceSplit> {
    private static final long serialVersionUID = 1L;

    private final int first;

    Gate(int first) {
      this.first = first;
    }

    @Override
    public RateLimiter<NumberSequenceSplit> createRateLimiter(int parallelism) {
      AtomicInteger passed = new AtomicInteger();
      return records ->
          passed.addAndGet(records) <= first ? CompletableFuture.completedFuture(null) : rest;
    }
  }

  private static byte[] png() {
    BufferedImage image = new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 81; i++) {
      image.setRGB(i % 9, i / 9, 0x010101);
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", png);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return png.toByteArray();
  }

  private static final byte[] PICTURE = png();

  /** An image's record; every tenth is broken. */
  private static byte[] image(long offset) {
    if (offset % BROKEN_EVERY == 0) {
      return "broken".getBytes(StandardCharsets.UTF_8);
    }
    return WireFormat.of(Image.class)
        .encode(
            Image.newBuilder()
                .setId("image-" + offset)
                .setContent(ByteBuffer.wrap(PICTURE))
                .setAttributes(Map.of())
                .build());
  }

  /** The record of a label for the image at the same offset; every third has no source. */
  private static byte[] label(long offset) {
    Label.Builder label =
        Label.newBuilder()
            .setImageId("image-" + offset)
            .setLabel("label-" + offset)
            .setAnnotator("ann")
            .setLabeledAt(Instant.EPOCH)
            .setOrigin("random");
    if (offset % 3 != 0) {
      label.setSource(new Source("images", 0, offset));
    }
    return WireFormat.of(Label.class).encode(label.build());
  }

  private RunningJob start(Map<String, String> sets, long records) {
    return start(sets, records, Optional.empty());
  }

  private RunningJob start(Map<String, String> sets, long records, Optional<Learning> learning) {
    Settings settings = Settings.load(Optional.empty(), sets, Map.of());
    SnapshotFolder folder = new SnapshotFolder(checkpoints.toString(), "test");
    ResumeDecision decision =
        ResumeDecision.of(
            folder,
            new Wish(false, false),
            Optional.empty(),
            new Transactions(Duration.ofMinutes(15), Duration.ofDays(7)),
            Duration.ofMillis(100),
            Instant.now());
    folder.write(decision.notes());
    Configuration options =
        FlinkOptions.ofJob(
            "test",
            settings.get(CheckpointSettings.class),
            settings.get(JobSettings.class),
            settings.get(KafkaSettings.class),
            folder.location());
    FlinkOptions.resume(options, decision);
    FlinkOptions.ofMiniCluster(options);
    if (learning.isPresent()) {
      FlinkOptions.rememberImages(options);
      FlinkOptions.rememberImagesHere(options, checkpoints.resolve("rocksdb"));
    }
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(options);
    JobPlan plan =
        new JobPlan(
            1,
            2,
            2,
            true,
            learning.isPresent(),
            new CropGeometry(FakeModels.RESIZE, FakeModels.CROP),
            new MicroBatching(8, Duration.ofMillis(10), 2),
            new Topics(""),
            settings.get(ImageSettings.class),
            settings.get(LabelSettings.class),
            settings.get(InferenceSettings.class),
            // Idle at once, as on an overloaded machine: the end of idle images must take effect
            // too.
            Duration.ofMillis(1),
            0,
            NotePlace.nowhere(),
            false);
    new TagstreamJob(
            images(records),
            updates(),
            new FakeBroker("memory", Map.of(new TopicPartition("images", 0), Long.MAX_VALUE)),
            log,
            models,
            answers,
            rejections,
            learning)
        .addTo(environment, plan);
    return RunningJob.submit(
        environment.getStreamGraph(),
        options,
        plan.slots(),
        "test",
        folder,
        JobLock.take(checkpoints.resolve("test"), "test"));
  }

  private static DataGeneratorSource<IncomingRecord> images(long records) {
    return new DataGeneratorSource<>(
        n ->
            new IncomingRecord(
                new Coordinates("images", 0, n), Instant.ofEpochMilli(n), true, image(n)),
        records,
        new Gate(RECORDS / 2),
        TypeInformation.of(IncomingRecord.class));
  }

  private static DataGeneratorSource<IncomingRecord> labels(long records) {
    return new DataGeneratorSource<>(
        n ->
            new IncomingRecord(
                new Coordinates("labels", 0, n), Instant.ofEpochMilli(n), true, label(n)),
        records,
        TypeInformation.of(IncomingRecord.class));
  }

  /** Ends with the images: Flink refuses a savepoint that is requested just as a source ends. */
  private static DataGeneratorSource<LiveModelChanged> updates() {
    return new DataGeneratorSource<>(
        n -> new LiveModelChanged(new Coordinates("model-updates", 0, n)),
        2,
        new Gate(1),
        TypeInformation.of(LiveModelChanged.class));
  }

  /** A retraining without requests, whose store stays too empty to start a run. */
  private Retraining idleRetraining() {
    Path store = checkpoints.resolve("training");
    return new Retraining(
        new DataGeneratorSource<>(
            n -> new RetrainRequest("none", "nobody", "", Instant.EPOCH),
            0,
            TypeInformation.of(RetrainRequest.class)),
        new RetrainOperator(
            Settings.defaults().get(RetrainSettings.class),
            "test",
            new StoredRuns(store, Settings.defaults().get(TrainingStoreSettings.class), 10),
            new StoredModels(store, "test", 4),
            new StoredTraining(
                store,
                store,
                "test",
                Settings.defaults().get(TrainingSettings.class),
                Settings.defaults().get(RetrainSettings.class).minHeldOut())),
        new MemorySink<>(news -> "news"));
  }

  private static List<String> offsets(boolean broken) {
    return IntStream.range(0, RECORDS)
        .filter(n -> n % BROKEN_EVERY == 0 == broken)
        .mapToObj(Integer::toString)
        .toList();
  }

  private void awaitPredictions(RunningJob job) throws InterruptedException {
    while (predictions.committed().isEmpty()) {
      assertThat(job.await(Duration.ofMillis(20))).isFalse();
    }
  }

  private void assertEveryRecordOnce() {
    assertThat(predictions.committed()).containsExactlyInAnyOrderElementsOf(offsets(false));
    assertThat(rejections.committed()).containsExactlyInAnyOrderElementsOf(offsets(true));
  }

  private static final Map<String, String> QUICK =
      Map.of(
          "checkpoint.interval", "100 ms",
          "checkpoint.min-pause", "0 ms",
          "restart.initial-delay", "10 ms",
          "restart.max-delay", "10 ms");

  @Test
  void anEngineThatFailsOnceLosesAndDuplicatesNothing() throws Exception {
    rest.complete(null);
    models.state().failOnceAfter.set(20);
    RunningJob job = start(QUICK, RECORDS);
    try {
      job.await();
    } finally {
      job.close();
    }
    assertThat(models.state().failOnceAfter).hasValueLessThan(0);
    assertEveryRecordOnce();
    assertThat(models.state().openEngines).hasValue(0);
    assertThat(models.state().openModels).hasValue(0);
  }

  @Test
  void anEngineThatFailsOnceLosesAndDuplicatesNoLabel() throws Exception {
    int labels = RECORDS / 2;
    log.state().values = RestartTest::image;
    MemorySink<TrainingRow> rows = new MemorySink<>(row -> row.imageId + " is " + row.label);
    models.state().failOnceAfter.set(20);
    RunningJob job =
        start(QUICK, RECORDS, Optional.of(new Learning(labels(labels), rows, idleRetraining())));
    List<String> usable =
        IntStream.range(0, labels)
            .filter(n -> n % BROKEN_EVERY != 0)
            .mapToObj(n -> "image-%d is label-%d".formatted(n, n))
            .toList();
    try {
      while (rows.committed().size() < usable.size()) {
        assertThat(job.await(Duration.ofMillis(20))).isFalse();
      }
      // Labels that wait for their image are rejected when the images end.
      rest.complete(null);
      job.await();
    } finally {
      job.close();
    }
    assertThat(models.state().failOnceAfter).hasValueLessThan(0);
    assertThat(rows.committed()).containsExactlyInAnyOrderElementsOf(usable);
    assertThat(predictions.committed()).containsExactlyInAnyOrderElementsOf(offsets(false));
    List<String> rejected = new ArrayList<>(offsets(true));
    IntStream.range(0, labels)
        .filter(n -> n % BROKEN_EVERY == 0)
        .forEach(n -> rejected.add(Integer.toString(n)));
    assertThat(rejections.committed()).containsExactlyInAnyOrderElementsOf(rejected);
  }

  @Test
  void aStopAndTheNextStartLoseAndDuplicateNothing() throws Exception {
    RunningJob first = start(QUICK, RECORDS);
    try {
      awaitPredictions(first);
      String savepoint = first.stop().orElseThrow();
      assertThat(
              new SnapshotFolder(checkpoints.toString(), "test")
                  .notes()
                  .orElseThrow()
                  .finishedStop())
          .hasValueSatisfying(noted -> assertThat(savepoint).endsWith("/" + noted));
    } finally {
      first.close();
    }
    assertThat(predictions.committed()).isNotEmpty().hasSizeLessThan(offsets(false).size());
    rest.complete(null);
    RunningJob second = start(QUICK, RECORDS);
    try {
      second.await();
    } finally {
      second.close();
    }
    assertEveryRecordOnce();
  }

  @Test
  void everySnapshotHoldsItsTime() throws Exception {
    Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    SnapshotFolder folder = new SnapshotFolder(checkpoints.toString(), "test");
    List<Snapshot> left;
    RunningJob job = start(QUICK, RECORDS);
    try {
      do {
        assertThat(job.await(Duration.ofMillis(20))).isFalse();
        left = folder.newestFirst(Instant.EPOCH);
      } while (left.size() < 3);
      assertThat(job.stop()).isPresent();
    } finally {
      job.close();
    }
    Instant after = Instant.now();
    List<Snapshot> all = new ArrayList<>(left);
    setFileTime(folder.newest(Instant.EPOCH).orElseThrow(), after.plusSeconds(3600));
    // A stop leaves only its savepoint.
    all.addAll(folder.newestFirst(Instant.EPOCH));
    assertThat(all).hasSize(4);
    assertThat(all).allSatisfy(one -> assertThat(one.takenAt()).isBetween(before, after));
  }

  private static void setFileTime(Snapshot snapshot, Instant time) throws IOException {
    Files.setLastModifiedTime(
        Path.of(URI.create(snapshot.location())).resolve("_metadata"), FileTime.from(time));
  }

  @Test
  void aProcessThatDiesLosesAndDuplicatesNothing() throws Exception {
    RunningJob first = start(QUICK, RECORDS);
    try {
      awaitPredictions(first);
    } finally {
      // Without a savepoint: the next run commits what was checkpointed and not committed.
      first.close();
    }
    rest.complete(null);
    RunningJob second = start(QUICK, RECORDS);
    try {
      second.await();
    } finally {
      second.close();
    }
    assertEveryRecordOnce();
  }

  @Test
  void anEngineThatKeepsFailingEndsTheJobWithItsCause() throws Exception {
    models.state().failing.add("v1");
    models.state().warmUpFails = false;
    RunningJob job =
        start(
            Map.of(
                "checkpoint.interval", "100 ms",
                "checkpoint.min-pause", "0 ms",
                "restart.attempts", "2",
                "restart.initial-delay", "10 ms",
                "restart.max-delay", "10 ms"),
            RECORDS);
    try {
      assertThatThrownBy(job::await)
          .isInstanceOf(UserException.class)
          .hasMessage("job test failed: IllegalStateException: the device is gone");
    } finally {
      job.close();
    }
  }

  @Test
  void aStopDoesNotWaitForAJobThatRecovers() throws Exception {
    models.state().failing.add("v1");
    models.state().warmUpFails = false;
    RunningJob job =
        start(
            Map.of(
                "checkpoint.interval", "100 ms",
                "checkpoint.min-pause", "0 ms",
                "restart.initial-delay", "10 min",
                "restart.max-delay", "10 min"),
            RECORDS);
    try {
      assertThatThrownBy(
              () -> {
                // Before it failed, a stop would find it running and wait for the savepoint.
                while (!job.recovering()) {
                  job.await(Duration.ofMillis(20));
                }
                job.stop();
              })
          .isInstanceOf(UserException.class)
          .hasMessageContaining("recovering")
          .hasMessageContaining("last checkpoint");
    } finally {
      job.close();
    }
  }

  @Test
  void aTaskManagerThatEndsEndsTheJob() throws Exception {
    answers = new BrokenSink<>(true);
    RunningJob job = start(Map.of("restart.attempts", "100"), RECORDS);
    try {
      assertThatThrownBy(job::await)
          .isInstanceOf(UserException.class)
          .hasMessageContaining("Flink's TaskManager ended");
    } finally {
      job.close();
    }
  }

  @Test
  void aStopDoesNotWaitForAJobThatDoesNotStart() throws Exception {
    answers = new BrokenSink<>(false);
    RunningJob job = start(QUICK, RECORDS);
    try {
      assertThatThrownBy(job::stop)
          .isInstanceOf(UserException.class)
          .hasMessageContaining("does not run")
          .hasMessageContaining("last checkpoint");
    } finally {
      job.close();
    }
  }

  @Test
  void aStopWithoutKafkaDoesNotWaitForASavepoint() throws Exception {
    RunningJob job = start(QUICK, RECORDS).withKafka(() -> false);
    try {
      awaitPredictions(job);
      assertThatThrownBy(job::stop)
          .isInstanceOf(UserException.class)
          .hasMessageContaining("Kafka does not answer")
          .hasMessageContaining("last checkpoint");
    } finally {
      job.close();
    }
  }

  @Test
  void aSecondJobOfTheNameIsRefusedAndNamesTheFirst() throws Exception {
    RunningJob job = start(QUICK, RECORDS);
    try {
      assertThatThrownBy(() -> JobLock.take(checkpoints.resolve("test"), "test"))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("process " + ProcessHandle.current().pid());
    } finally {
      job.close();
    }
  }
}
