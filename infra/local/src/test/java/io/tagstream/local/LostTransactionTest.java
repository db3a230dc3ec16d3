package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.retag.RetagCommand;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.job.snapshot.SnapshotFolder;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Prediction;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionListing;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Transactions that the broker aborts before they are committed. */
@Timeout(180)
final class LostTransactionTest {
  private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(3);

  @TempDir private Path directory;
  private TestStream stream;

  @BeforeEach
  void start() {
    stream = stream("a", Map.of());
  }

  private TestStream stream(String name, Map<String, String> broker) {
    Map<String, String> all = new HashMap<>(broker);
    all.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "200");
    return new TestStream(directory.resolve(name), settings(Map.of()), all);
  }

  @AfterEach
  void stop() {
    HeldCheckpoints.release();
    stream.close();
  }

  private static Settings settings(Map<String, String> more) {
    Map<String, String> sets = new HashMap<>();
    sets.put("checkpoint.interval", "500 ms");
    sets.put("topics.partitions", "1");
    sets.put("restart.initial-delay", "10 ms");
    sets.put("flink.execution.checkpointing.storage", HeldCheckpoints.class.getName());
    sets.putAll(more);
    return Settings.load(Optional.empty(), sets, Map.of());
  }

  private JobRequest request(Wish wish, Map<String, String> sets) {
    return new JobRequest(
        new KafkaConnection(
            stream.bootstrapServer(),
            Duration.ofSeconds(30),
            Map.of("transaction.timeout.ms", Long.toString(TRANSACTION_TIMEOUT.toMillis()))),
        TestStream.TOPICS,
        stream.models(),
        Optional.empty(),
        stream.checkpoints().toString(),
        "test",
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER,
        wish,
        settings(sets));
  }

  private RunningJob start(Wish wish) {
    return JobRunner.start(request(wish, Map.of()));
  }

  private static final Wish NO_LOSS = new Wish(false, false);
  private static final Wish ACCEPT_LOSS = new Wish(false, true);

  private List<String> committed() {
    return stream.allPredictions().stream().map(Prediction::getImageId).toList();
  }

  private void awaitCommitted(int count) {
    stream.predictions(count);
  }

  /**
   * Ten predictions are committed; ten more are prepared, and their transaction times out before
   * its commit.
   */
  private RunningJob loseSome(Wish wish) throws Exception {
    RunningJob job = start(wish);
    job.awaitRunning();
    stream.send(TestStream.TOPICS.images(), 0, 10);
    awaitCommitted(10);
    HeldCheckpoints.hold();
    stream.send(TestStream.TOPICS.images(), 10, 20);
    while (stream.openTransactions().isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    while (!stream.openTransactions().isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    HeldCheckpoints.release();
    return job;
  }

  /** First and last lost offset, from the job's last message. */
  private static int[] lostOffsets(UserException end) {
    Matcher range = RANGE.matcher(end.getMessage());
    assertThat(range.find()).as(end.getMessage()).isTrue();
    return new int[] {Integer.parseInt(range.group(1)), Integer.parseInt(range.group(2))};
  }

  private static final Pattern RANGE =
      Pattern.compile(
          "retag --missing --from-offsets 0:(\\d+) --to-offsets 0:(\\d+) --to predictions");

  private static UserException end(RunningJob job) {
    return catchThrowableOfType(UserException.class, job::await);
  }

  private List<String> without(int from, int to, int end) {
    return Stream.concat(TestStream.ids(0, from), TestStream.ids(to, end)).toList();
  }

  @Test
  void aTransactionThatTimedOutEndsTheJobAndNamesTheImages() throws Exception {
    int[] lost;
    try (RunningJob job = loseSome(NO_LOSS)) {
      UserException end = end(job);
      assertThat(end)
          .hasMessageContaining("records for predictions are lost")
          .hasMessageContaining("images-0 offsets 10 to ")
          .hasMessageContaining("--accept-loss");
      lost = lostOffsets(end);
    }
    assertThat(lost[0]).isEqualTo(10);
    // A new start detects the same loss from the topic, because by then the transaction could have
    // been committed.
    try (RunningJob again = JobRunner.start(request(NO_LOSS, fromNewestSnapshot()))) {
      assertThat(end(again)).hasMessageContaining("readers skip its record predictions-0@");
      assertThat(lostOffsets(end(again))).isEqualTo(lost);
    }
    try (RunningJob accepted = start(ACCEPT_LOSS)) {
      stream.send(TestStream.TOPICS.images(), 20, 30);
      List<String> rest = without(lost[0], lost[1], 30);
      awaitCommitted(rest.size());
      assertThat(accepted.stop()).isPresent();
      assertThat(committed()).containsExactlyInAnyOrderElementsOf(rest);
    }
    retagMissing(lost);
    assertThat(committed()).containsExactlyInAnyOrderElementsOf(TestStream.ids(0, 30).toList());
  }

  /** Runs retag --missing with the offsets from the job's last message. */
  private void retagMissing(int[] lost) {
    int exitCode =
        new CommandLine(new RetagCommand())
            .execute(
                "--bootstrap-server",
                stream.bootstrapServer(),
                "--models",
                stream.models().toString(),
                "--model",
                new ModelStore(stream.models()).live(),
                "--name",
                "test",
                "--missing",
                "--from-offsets",
                "0:" + lost[0],
                "--to-offsets",
                "0:" + lost[1],
                "--to",
                TestStream.TOPICS.predictions());
    assertThat(exitCode).isZero();
  }

  @Test
  void anAcceptedLossIsReportedAndTheJobResumes() throws Exception {
    try (RunningJob job = loseSome(ACCEPT_LOSS)) {
      stream.send(TestStream.TOPICS.images(), 20, 30);
      while (!committed().contains("scene-29")) {
        assertThat(job.await(Duration.ofMillis(200))).isFalse();
      }
      assertThat(job.stop()).isPresent();
    }
    List<String> ids = committed();
    assertThat(ids).doesNotHaveDuplicates().doesNotContain("scene-10");
    assertThat(ids).containsAll(TestStream.ids(0, 10).toList());
    assertThat(ids).containsAll(TestStream.ids(20, 30).toList());
  }

  /**
   * Resumes from the named snapshot, because choosing it automatically would first refuse its age.
   */
  private Map<String, String> fromNewestSnapshot() {
    return Map.of(
        "flink.execution.state-recovery.path",
        new SnapshotFolder(stream.checkpoints().toString(), "test")
            .newest(Instant.EPOCH)
            .orElseThrow()
            .location());
  }

  @Test
  void anEarlierCommitIsDetectedWhenItsIdHasANewProducer() throws Exception {
    tagTen();
    try (Admin admin = stream.connection().admin()) {
      admin.fenceProducers(allTransactions(admin)).all().get();
    }
    resume(fromNewestSnapshot());
  }

  @Test
  void anEarlierCommitIsDetectedWhenTheBrokerHasForgottenItsId() throws Exception {
    stream.close();
    stream =
        stream(
            "forgetful",
            Map.of(
                "transactional.id.expiration.ms", "2000",
                "transaction.remove.expired.transaction.cleanup.interval.ms", "500"));
    tagTen();
    try (Admin admin = stream.connection().admin()) {
      while (!allTransactions(admin).isEmpty()) {
        TimeUnit.MILLISECONDS.sleep(200);
      }
    }
    resume(fromNewestSnapshot());
  }

  private static List<String> allTransactions(Admin admin) throws Exception {
    return admin.listTransactions().all().get().stream()
        .map(TransactionListing::transactionalId)
        .toList();
  }

  /**
   * The savepoint of the stop contains the transaction of ten predictions, which is committed right
   * after it.
   */
  private void tagTen() throws Exception {
    Map<String, String> noCheckpoint =
        Map.of("checkpoint.interval", "1 h", "checkpoint.tolerable-age", "2 h");
    try (RunningJob job = JobRunner.start(request(NO_LOSS, noCheckpoint))) {
      stream.send(TestStream.TOPICS.images(), 0, 10);
      while (stream.writtenPredictions() < 10) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
      assertThat(job.stop()).isPresent();
    }
    assertThat(committed()).hasSize(10);
  }

  private void resume(Map<String, String> sets) throws Exception {
    try (RunningJob job = JobRunner.start(request(NO_LOSS, sets))) {
      stream.send(TestStream.TOPICS.images(), 10, 20);
      while (!committed().contains("scene-19")) {
        assertThat(job.await(Duration.ofMillis(200))).isFalse();
      }
      assertThat(job.stop()).isPresent();
    }
    assertThat(committed()).containsExactlyInAnyOrderElementsOf(TestStream.ids(0, 20).toList());
  }
}
