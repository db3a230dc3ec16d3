package io.tagstream.job.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import io.tagstream.model.store.JobStatus.Troubles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JobWatchTest {
  /** Ready with a checkpoint of the last 3 x 5 + 10 s. */
  private static final Tolerance TOLERANCE =
      new Tolerance(Duration.ofSeconds(5), Duration.ofMinutes(10), Duration.ofHours(1));

  @TempDir Path models;

  private final AtomicLong nanos = new AtomicLong();
  private final FakeJob job = new FakeJob();
  private boolean kafkaAnswers = true;
  private JobWatch watch;

  @BeforeEach
  void open() {
    watch =
        new JobWatch(
            job,
            FakeJob.facts(models),
            TOLERANCE,
            () -> kafkaAnswers,
            InstantSource.fixed(FakeJob.START.plusSeconds(60)),
            nanos::get);
  }

  @AfterEach
  void close() {
    watch.close();
  }

  private void pass(Duration time) {
    for (long second = 0; second < time.toSeconds(); second++) {
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
      watch.observe();
      watch.checkKafka();
    }
  }

  private void runsWithACheckpoint() {
    job.runs();
    job.completed = 1;
    pass(Duration.ofSeconds(1));
  }

  private JobStatus written() {
    watch.write();
    return JobStatus.read(models, "test").orElseThrow();
  }

  @Test
  void isReadyOnceEveryOperatorRunsAndACheckpointHasCompleted() {
    assertThat(watch.health().isReady()).isFalse();
    pass(Duration.ofSeconds(1));
    assertThat(watch.health().notReady())
        .containsExactly(
            "the job is starting",
            "Decode (1/2) is initializing",
            "no checkpoint has completed since the start");
    assertThat(watch.health().fatal()).isEmpty();
    job.runs();
    pass(Duration.ofSeconds(1));
    assertThat(watch.health().notReady())
        .containsExactly("no checkpoint has completed since the start");
    job.completed = 1;
    pass(Duration.ofSeconds(1));
    assertThat(watch.health().isReady()).isTrue();
  }

  @Test
  void namesAFewOfManySubtasks() {
    job.notRunning = List.of("a is deploying", "b is deploying", "c is deploying", "d", "e");
    pass(Duration.ofSeconds(1));
    assertThat(watch.health().notReady())
        .contains("a is deploying, b is deploying, c is deploying and 2 more");
  }

  @Test
  void isNotReadyWithoutARecentCheckpointAndNamesTheCause() {
    runsWithACheckpoint();
    pass(Duration.ofSeconds(25));
    assertThat(watch.health().isReady()).isTrue();
    job.failedCheckpoints =
        new Troubles(1, Optional.of(FakeJob.START), Optional.of("the disk is full"));
    pass(Duration.ofSeconds(1));
    assertThat(watch.health().notReady())
        .containsExactly(
            "no checkpoint has completed for 26 s; the last one failed: the disk is full");
    assertThat(watch.health().fatal()).isEmpty();
    job.completed = 2;
    pass(Duration.ofSeconds(1));
    assertThat(watch.health().isReady()).isTrue();
  }

  @Test
  void isNotReadyWhileItRestarts() {
    runsWithACheckpoint();
    job.state = State.RESTARTING;
    job.cause = Optional.of("the device is gone");
    pass(Duration.ofSeconds(1));
    assertThat(watch.health().notReady())
        .containsExactly("the job is restarting: the device is gone");
    assertThat(watch.health().fatal()).isEmpty();
  }

  @Test
  void failsTheJobWhenNoCheckpointCompletesForTooLong() {
    runsWithACheckpoint();
    job.restarts = new Troubles(3, Optional.of(FakeJob.START), Optional.of("fenced"));
    pass(TOLERANCE.tolerableAge());
    assertThat(job.failure).isEmpty();
    pass(Duration.ofSeconds(1));
    assertThat(job.failure.orElseThrow())
        .hasMessageStartingWith(
            "no checkpoint has completed for 601 s, and checkpoint.tolerable-age is 10 min")
        .hasMessageContaining("fenced");
    assertThat(watch.health().fatal()).containsExactly(job.failure.get().getMessage());
    assertThat(watch.health().state()).isEqualTo(State.FAILED);
    JobStatus status = written();
    assertThat(status.state()).isEqualTo(State.FAILED);
    assertThat(status.cause()).contains(job.failure.get().getMessage());
  }

  @Test
  void failsAJobThatNeverStarts() {
    pass(TOLERANCE.tolerableAge().plusSeconds(1));
    assertThat(job.failure).isPresent();
  }

  @Test
  void failsAJobThatFlinkReportsNothingAbout() {
    runsWithACheckpoint();
    job.answers = false;
    job.completed = 2;
    pass(TOLERANCE.tolerableAge().plusSeconds(1));
    assertThat(job.failure).isPresent();
  }

  @Test
  void doesNotCountTimeWithoutKafkaUpToTheOutage() {
    runsWithACheckpoint();
    kafkaAnswers = false;
    pass(TOLERANCE.tolerableAge().plusMinutes(10));
    assertThat(job.failure).isEmpty();
    assertThat(watch.health().notReady())
        .satisfiesExactly(
            reason -> assertThat(reason).startsWith("no checkpoint has completed for 1200 s"),
            reason -> assertThat(reason).isEqualTo("Kafka at 127.0.0.1:9092 does not answer"));
    pass(TOLERANCE.kafkaOutage());
    assertThat(job.failure.orElseThrow()).hasMessageContaining("not counting 3600 s without Kafka");
  }

  @Test
  void checksKafkaOnlyWhenACheckpointIsLate() {
    kafkaAnswers = false;
    runsWithACheckpoint();
    pass(Duration.ofSeconds(20));
    assertThat(watch.health().isReady()).isTrue();
  }

  @Test
  void isNotReadyWithoutObservations() {
    runsWithACheckpoint();
    nanos.addAndGet(Duration.ofSeconds(31).toNanos());
    assertThat(watch.health().notReady()).containsExactly("the job could not be observed for 31 s");
  }

  @Test
  void writesTheStatus() {
    runsWithACheckpoint();
    job.restarts = new Troubles(3, Optional.of(FakeJob.START), Optional.of("fenced"));
    pass(Duration.ofSeconds(1));
    JobStatus status = written();
    assertThat(status.state()).isEqualTo(State.RUNNING);
    assertThat(status.startedAt()).isEqualTo(FakeJob.START);
    assertThat(status.writtenAt()).isEqualTo(FakeJob.START.plusSeconds(60));
    assertThat(status.process()).isEqualTo(JobStatus.Writer.current());
    assertThat(status.kafka()).isEqualTo(new JobStatus.Kafka("cluster-1", "127.0.0.1:9092", "p-"));
    assertThat(status.serving())
        .isEqualTo(new JobStatus.Serving(Optional.empty(), "deeplearning4j", "cpu", 2));
    assertThat(status.resumedFrom()).contains("file:/c/savepoint-1");
    assertThat(status.lastCheckpoint().orElseThrow().location()).contains("file:/c/chk-1");
    assertThat(status.restarts().lastCause()).contains("fenced");
    assertThat(status.end()).isEmpty();
  }

  @Test
  void writesTheSavepointThatAStopEndedWith() {
    runsWithACheckpoint();
    watch.stopping();
    assertThat(written().state()).isEqualTo(State.STOPPING);
    watch.stoppedWith("file:/c/savepoint-2");
    job.state = State.STOPPED;
    watch.close();
    JobStatus status = JobStatus.read(models, "test").orElseThrow();
    assertThat(status.state()).isEqualTo(State.STOPPED);
    assertThat(status.end())
        .contains(
            new JobStatus.End(
                FakeJob.START.plusSeconds(60),
                Optional.of("file:/c/savepoint-2"),
                Optional.empty()));
    assertThat(watch.remains()).contains("file:/c/savepoint-2");
    // A write that was still running must not overwrite the end.
    watch.write();
    assertThat(JobStatus.read(models, "test")).contains(status);
  }

  @Test
  void writesTheCauseAndWhatRemainsOfAFailedJob() {
    runsWithACheckpoint();
    job.state = State.FAILED;
    job.cause = Optional.of("the device is gone");
    watch.close();
    JobStatus status = JobStatus.read(models, "test").orElseThrow();
    assertThat(status.state()).isEqualTo(State.FAILED);
    assertThat(status.cause()).contains("the device is gone");
    assertThat(status.end().orElseThrow().remains()).contains("file:/c/chk-1");
    assertThat(watch.health().fatal()).containsExactly("the job has failed: the device is gone");
  }

  @Test
  void theSnapshotOfTheStartRemainsIfNoCheckpointCompleted() {
    pass(Duration.ofSeconds(1));
    assertThat(watch.remains()).contains("file:/c/savepoint-1");
  }

  @Test
  void continuesWhenTheStatusCannotBeWritten() throws Exception {
    Files.writeString(models.resolve("status"), "a file where the folder should be");
    runsWithACheckpoint();
    watch.write();
    assertThat(watch.health().isReady()).isTrue();
    Files.delete(models.resolve("status"));
    assertThat(written().state()).isEqualTo(State.RUNNING);
  }
}
