package io.tagstream.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.snapshot.JobLock;
import io.tagstream.job.snapshot.ResumeDecision;
import io.tagstream.job.snapshot.ResumeDecision.Transactions;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.job.snapshot.SnapshotFolder;
import io.tagstream.job.trainingsink.TrainingSink;
import io.tagstream.settings.CheckpointSettings;
import io.tagstream.settings.JobSettings;
import io.tagstream.settings.KafkaSettings;
import io.tagstream.settings.Settings;
import io.tagstream.trainingstore.ImageCollection;
import io.tagstream.trainingstore.Leftovers;
import io.tagstream.trainingstore.Listing;
import io.tagstream.trainingstore.StoredImage;
import io.tagstream.trainingstore.TrainingStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiter;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writes rows into the training store on a Flink cluster in this process. */
@Timeout(120)
class TrainingSinkTest {
  private static final int ROWS = 200;
  private static final int PER_CHECKPOINT = 5;

  /**
   * The files of this many checkpoints become one, whatever the checkpoint interval of the test is.
   */
  private static final Duration OFTEN = Duration.ofSeconds(10);

  private static final Duration HARDLY_EVER = Duration.ofMillis(1);

  @TempDir private Path folder;
  private Path trainingFolder = Path.of("");
  private TrainingStore store = new TrainingStore(trainingFolder);

  private static CompletableFuture<Void> rest = new CompletableFuture<>();
  private static final AtomicBoolean FAIL = new AtomicBoolean();

  @BeforeEach
  void begin() {
    trainingFolder = folder.resolve("training");
    store = new TrainingStore(trainingFolder);
    rest = new CompletableFuture<>();
    FAIL.set(false);
  }

  /** Emits a few rows for each checkpoint, and the second half when the test allows it. */
  private static final class Gate implements RateLimiterStrategy<NumberSequenceSplit> {
    private static final long serialVersionUID = 1L;

    @Override
    public RateLimiter<NumberSequenceSplit> createRateLimiter(int parallelism) {
      AtomicInteger passed = new AtomicInteger();
      return new RateLimiter<>() {
        private int left = PER_CHECKPOINT;
        private CompletableFuture<Void> next = new CompletableFuture<>();

        @Override
        public synchronized CompletableFuture<Void> acquire(int records) {
          if (passed.addAndGet(records) > ROWS / 2) {
            return rest;
          }
          left -= records;
          return left >= 0 || rest.isDone() ? CompletableFuture.completedFuture(null) : next;
        }

        @Override
        public synchronized void notifyCheckpointComplete(long checkpoint) {
          left = PER_CHECKPOINT;
          next.complete(null);
          next = new CompletableFuture<>();
        }
      };
    }
  }

  private static TrainingRow row(long n) {
    return n % 10 == 0
        ? TrainingRow.withdrawn(
            "image " + n,
            false,
            Instant.ofEpochMilli(n),
            "correction",
            new Coordinates("labels", 0, n))
        : TrainingRow.labelled(
            "image " + n,
            "roses",
            Optional.of("group " + n),
            Instant.ofEpochMilli(n),
            "producer",
            new Coordinates("labeled-images", 0, n),
            ("content " + n).getBytes(StandardCharsets.UTF_8));
  }

  private static TrainingRow failing(TrainingRow row) {
    if (row.at.toEpochMilli() > ROWS / 4 && FAIL.compareAndSet(true, false)) {
      throw new IllegalStateException("failure of the test");
    }
    return row;
  }

  private StreamGraph graph(Configuration options, Duration interval) {
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(options);
    environment
        .fromSource(
            new DataGeneratorSource<>(
                TrainingSinkTest::row, ROWS, new Gate(), TypeInformation.of(TrainingRow.class)),
            WatermarkStrategy.noWatermarks(),
            "Rows")
        .uid("rows")
        .setParallelism(1)
        .map(TrainingSinkTest::failing)
        .uid("failing")
        .setParallelism(1)
        .sinkTo(TrainingSink.to(trainingFolder.toUri().toString(), interval))
        .name("Training store")
        .uid("training-store")
        .setParallelism(1);
    return environment.getStreamGraph();
  }

  private RunningJob start(Duration interval) {
    return start(interval, false);
  }

  private RunningJob start(Duration interval, boolean compressed) {
    Settings settings =
        Settings.load(
            Optional.empty(),
            Map.of(
                "checkpoint.interval", "100 ms",
                "checkpoint.min-pause", "0 ms",
                "restart.initial-delay", "10 ms",
                "restart.max-delay", "10 ms"),
            Map.of());
    Path checkpoints = folder.resolve("checkpoints");
    SnapshotFolder snapshots = new SnapshotFolder(checkpoints.toString(), "test");
    ResumeDecision decision =
        ResumeDecision.of(
            snapshots,
            new Wish(false, false),
            Optional.empty(),
            new Transactions(Duration.ofMinutes(15), Duration.ofDays(7)),
            Duration.ofMillis(100),
            Instant.now());
    snapshots.write(decision.notes());
    Configuration options =
        FlinkOptions.ofJob(
            "test",
            settings.get(CheckpointSettings.class),
            settings.get(JobSettings.class),
            settings.get(KafkaSettings.class),
            snapshots.location());
    FlinkOptions.resume(options, decision);
    FlinkOptions.ofMiniCluster(options);
    options.set(ExecutionOptions.SNAPSHOT_COMPRESSION, compressed);
    Leftovers.remove(
        trainingFolder, () -> snapshots.texts(Leftovers.PART, Optional.empty()), Instant.now());
    return RunningJob.submit(
        graph(options, interval),
        options,
        1,
        "test",
        snapshots,
        JobLock.take(checkpoints.resolve("test"), "test"));
  }

  /**
   * Allows all rows once there are more than before: a restored compactor loses its waiting files
   * when its input ends before its first checkpoint, which never happens to the job's streams.
   */
  private void finish(RunningJob job) throws InterruptedException {
    long before = store.list().rows();
    try {
      while (store.list().rows() <= before) {
        assertThat(job.await(Duration.ofMillis(20))).isFalse();
      }
      rest.complete(null);
      job.await();
    } finally {
      job.close();
    }
  }

  private static List<String> ids() {
    return IntStream.range(0, ROWS).filter(n -> n % 10 != 0).mapToObj(n -> "image " + n).toList();
  }

  private void assertEveryRowOnce() throws IOException {
    Listing listing = store.list();
    assertThat(listing.unusable()).isEmpty();
    assertThat(listing.rows()).isEqualTo(ROWS);
    ImageCollection collection = store.read(listing.files());
    assertThat(collection.images()).extracting(StoredImage::id).containsExactlyElementsOf(ids());
    assertThat(collection.withdrawn()).hasSize(ROWS / 10);
    StoredImage last = collection.images().get(collection.images().size() - 1);
    assertThat(last.group()).contains("group 199");
    assertThat(last.content().read()).asString(StandardCharsets.UTF_8).isEqualTo("content 199");
  }

  private List<String> hidden() throws IOException {
    if (!Files.exists(trainingFolder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(trainingFolder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(n -> n.startsWith("."))
          .toList();
    }
  }

  @Test
  void theFilesOfSeveralCheckpointsBecomeOne() throws Exception {
    RunningJob job = start(OFTEN);
    while (store.list().rows() < ROWS / 4) {
      assertThat(job.await(Duration.ofMillis(20))).isFalse();
    }
    finish(job);
    assertEveryRowOnce();
    assertThat(store.list().files())
        .allSatisfy(file -> assertThat(file.name()).startsWith("compacted-part-"))
        // With five rows per checkpoint there were twice as many.
        .hasSizeLessThan(ROWS / 2 / PER_CHECKPOINT);
    assertThat(hidden()).isEmpty();
  }

  @Test
  void aFailureLosesAndDuplicatesNothing() throws Exception {
    FAIL.set(true);
    RunningJob job = start(OFTEN);
    while (store.list().rows() < ROWS / 4) {
      assertThat(job.await(Duration.ofMillis(20))).isFalse();
    }
    assertThat(FAIL).isFalse();
    finish(job);
    assertEveryRowOnce();
  }

  /** The savepoint holds them; they become visible after it. */
  @Test
  void waitingFilesSurviveAStop() throws Exception {
    RunningJob first = start(HARDLY_EVER);
    try {
      while (hidden().size() < 10) {
        assertThat(first.await(Duration.ofMillis(20))).isFalse();
      }
      assertThat(first.stop()).isPresent();
    } finally {
      first.close();
    }
    assertThat(store.list().rows()).isZero();
    finish(start(OFTEN));
    assertEveryRowOnce();
  }

  @Test
  void aStopLosesAndDuplicatesNothing() throws Exception {
    RunningJob first = start(OFTEN);
    try {
      while (store.list().rows() == 0) {
        assertThat(first.await(Duration.ofMillis(20))).isFalse();
      }
      assertThat(first.stop()).isPresent();
    } finally {
      first.close();
    }
    assertThat(store.list().rows()).isLessThan(ROWS);
    finish(start(OFTEN));
    assertEveryRowOnce();
  }

  @Test
  void aProcessThatDiesLosesAndDuplicatesNothing() throws Exception {
    RunningJob first = start(OFTEN);
    try {
      while (store.list().rows() == 0) {
        assertThat(first.await(Duration.ofMillis(20))).isFalse();
      }
    } finally {
      first.close();
    }
    finish(start(OFTEN));
    assertEveryRowOnce();
  }

  /**
   * Ends the job with its hidden files as a killed process would leave them, and makes all of them
   * two days old.
   *
   * @return a file that no snapshot names
   */
  private Path kill(RunningJob job) throws IOException {
    Map<String, byte[]> before = new HashMap<>();
    for (String name : hidden()) {
      try {
        before.put(name, Files.readAllBytes(trainingFolder.resolve(name)));
      } catch (NoSuchFileException renamed) {
        // Renamed by a commit meanwhile.
      }
    }
    job.close();
    byte[] some = before.values().iterator().next();
    Path leftover =
        trainingFolder.resolve(
            "..part-%s-7.avro.inprogress.%s".formatted(UUID.randomUUID(), UUID.randomUUID()));
    Files.write(leftover, some);
    for (Map.Entry<String, byte[]> file : before.entrySet()) {
      Path path = trainingFolder.resolve(file.getKey());
      if (!Files.exists(path)) {
        Files.write(path, file.getValue());
      }
    }
    for (String name : hidden()) {
      Files.setLastModifiedTime(
          trainingFolder.resolve(name), FileTime.from(Instant.now().minus(Duration.ofDays(2))));
    }
    return leftover;
  }

  private RunningJob startAndWaitForHidden(int files) throws Exception {
    RunningJob job = start(HARDLY_EVER);
    while (hidden().size() < files) {
      assertThat(job.await(Duration.ofMillis(20))).isFalse();
    }
    return job;
  }

  /**
   * The waiting files of a snapshot may be much older than the snapshot, if the job was stopped.
   */
  @Test
  void deletesFilesOfAKilledProcessExceptThoseThatItsSnapshotNames() throws Exception {
    Path first = kill(startAndWaitForHidden(10));
    Path second = kill(startAndWaitForHidden(15));
    assertThat(first).doesNotExist();
    assertThat(store.list().rows()).isZero();

    RunningJob last = start(OFTEN);
    assertThat(second).doesNotExist();
    finish(last);
    assertEveryRowOnce();
    assertThat(hidden()).isEmpty();
  }

  @Test
  void deletesNothingWhenTheSnapshotsCannotBeRead() throws Exception {
    RunningJob first = start(HARDLY_EVER, true);
    while (hidden().size() < 10) {
      assertThat(first.await(Duration.ofMillis(20))).isFalse();
    }
    Path leftover = kill(first);
    finish(start(OFTEN));
    assertEveryRowOnce();
    assertThat(leftover).exists();
  }

  /** Flink restores their state by these uids. */
  @Test
  void theSinksOperatorsHaveUids() {
    Configuration options = new Configuration();
    options.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
    StreamGraph graph = graph(options, OFTEN);
    graph.getJobGraph();
    assertThat(graph.getStreamNodes())
        .extracting(StreamNode::getTransformationUID)
        .containsExactlyInAnyOrder(
            "rows",
            "failing",
            "training-store",
            "training-store: FileSinkCompactorCoordinator",
            "training-store: FileSinkCompactorOperator",
            "Sink Committer: training-store");
  }
}
