package io.tagstream.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.health.Health;
import io.tagstream.job.health.JobFacts;
import io.tagstream.job.health.Tolerance;
import io.tagstream.job.snapshot.JobLock;
import io.tagstream.job.snapshot.SnapshotFolder;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import io.tagstream.settings.CheckpointSettings;
import io.tagstream.settings.JobSettings;
import io.tagstream.settings.KafkaSettings;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The health and the status of jobs on a cluster in this process. */
@Timeout(120)
final class JobHealthTest {
  private static final Tolerance PATIENT =
      new Tolerance(Duration.ofMillis(100), Duration.ofMinutes(10), Duration.ofHours(1));

  /** The number of failures still to throw. */
  private static final AtomicInteger FAILURES = new AtomicInteger();

  /** Snapshots wait until this is released. */
  private static volatile CountDownLatch snapshots = new CountDownLatch(0);

  @TempDir private Path directory;

  @BeforeEach
  void resetStatics() {
    FAILURES.set(0);
    snapshots = new CountDownLatch(0);
  }

  private static final class Troubled extends ProcessFunction<Long, Long>
      implements CheckpointedFunction {
    private static final long serialVersionUID = 1L;

    @Override
    public void processElement(Long number, Context context, Collector<Long> out) {
      if (FAILURES.getAndUpdate(left -> Math.max(left - 1, 0)) > 0) {
        throw new IllegalStateException("the device is gone");
      }
      out.collect(number);
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
      snapshots.await();
    }

    @Override
    public void initializeState(FunctionInitializationContext context) {}
  }

  private static final class Nothing extends ProcessFunction<Long, Void> {
    private static final long serialVersionUID = 1L;

    @Override
    public void processElement(Long number, Context context, Collector<Void> out) {}
  }

  private JobFacts facts() {
    return new JobFacts(
        "test",
        models(),
        new JobStatus.Kafka("cluster-1", "127.0.0.1:9092", ""),
        "deeplearning4j",
        "cpu",
        2,
        "starts without a snapshot",
        Optional.empty(),
        Instant.now());
  }

  private RunningJob start(Tolerance tolerance) {
    return start(tolerance, Optional.empty(), false);
  }

  /**
   * @param onCluster whether to add the operator that writes the status on a cluster
   */
  private RunningJob start(Tolerance tolerance, Optional<String> snapshot, boolean onCluster) {
    Settings settings =
        Settings.load(
            Optional.empty(),
            Map.of(
                "checkpoint.interval", "100 ms",
                "checkpoint.min-pause", "0 ms",
                "restart.attempts", "2",
                "restart.initial-delay", "10 ms",
                "restart.max-delay", "10 ms"),
            Map.of());
    SnapshotFolder folder = new SnapshotFolder(directory.resolve("checkpoints").toString(), "test");
    Configuration options =
        FlinkOptions.ofJob(
            "test",
            settings.get(CheckpointSettings.class),
            settings.get(JobSettings.class),
            settings.get(KafkaSettings.class),
            folder.location());
    FlinkOptions.ofMiniCluster(options);
    snapshot.ifPresent(from -> options.set(StateRecoveryOptions.SAVEPOINT_PATH, from));
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(options);
    GeneratorFunction<Long, Long> same = number -> number;
    SingleOutputStreamOperator<Void> guarded =
        environment
            .fromSource(
                new DataGeneratorSource<>(same, Long.MAX_VALUE, Types.LONG),
                WatermarkStrategy.noWatermarks(),
                "Numbers")
            .uid("numbers")
            .setParallelism(1)
            .process(new Troubled())
            .uid("troubled")
            .setParallelism(1)
            .process(new Nothing())
            .uid("nothing")
            .setParallelism(1);
    if (onCluster) {
      guarded.transform("Status", Types.VOID, facts().onCluster()).uid("status").setParallelism(1);
    }
    return RunningJob.submit(
            environment.getStreamGraph(),
            options,
            1,
            "test",
            folder,
            JobLock.take(directory.resolve("checkpoints/test"), "test"))
        .watched(facts(), tolerance, () -> true);
  }

  private Path models() {
    return directory.resolve("models");
  }

  private JobStatus awaitStatus(RunningJob job, Predicate<JobStatus> condition)
      throws InterruptedException {
    while (JobStatus.read(models(), "test").filter(condition).isEmpty()) {
      assertThat(job.await(Duration.ofMillis(50))).isFalse();
    }
    return JobStatus.read(models(), "test").orElseThrow();
  }

  private static void awaitReady(RunningJob job) throws InterruptedException {
    while (!job.watch().health().isReady()) {
      assertThat(job.await(Duration.ofMillis(50))).isFalse();
    }
  }

  @Test
  void theStatusShowsARunningJobAndTheSavepointOfItsStop() throws Exception {
    RunningJob job = start(PATIENT);
    try {
      awaitReady(job);
      JobStatus running = awaitStatus(job, status -> status.lastCheckpoint().isPresent());
      assertThat(running.state()).isEqualTo(State.RUNNING);
      assertThat(running.restarts().count()).isZero();
      JobStatus.Checkpoint last = running.lastCheckpoint().orElseThrow();
      assertThat(last.location().orElseThrow()).endsWith("chk-" + last.id());
      assertThat(last.durationMs()).isPresent();
      assertThat(last.bytes()).isPresent();
      assertThat(last.completedAt()).isAfterOrEqualTo(running.startedAt());
      String savepoint = job.stop().orElseThrow();
      job.close();
      JobStatus stopped = JobStatus.read(models(), "test").orElseThrow();
      assertThat(stopped.state()).isEqualTo(State.STOPPED);
      assertThat(stopped.end().orElseThrow().savepoint()).contains(savepoint);
    } finally {
      job.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSnapshotResumesInThisProcessAndOnACluster(boolean onCluster) throws Exception {
    String savepoint;
    try (RunningJob first = start(PATIENT, Optional.empty(), onCluster)) {
      awaitReady(first);
      savepoint = first.stop().orElseThrow();
    }
    try (RunningJob second = start(PATIENT, Optional.of(savepoint), !onCluster)) {
      awaitReady(second);
    }
  }

  @Test
  void theStatusShowsARestartAndItsCause() throws Exception {
    FAILURES.set(1);
    RunningJob job = start(PATIENT);
    try {
      JobStatus status =
          awaitStatus(job, seen -> seen.restarts().count() == 1 && seen.state() == State.RUNNING);
      assertThat(status.restarts().lastCause())
          .contains("IllegalStateException: the device is gone");
      assertThat(status.restarts().lastAt().orElseThrow()).isAfterOrEqualTo(status.startedAt());
      assertThat(status.cause()).isEmpty();
    } finally {
      job.close();
    }
  }

  @Test
  void theStatusShowsTheCauseOfAFailedJob() throws Exception {
    FAILURES.set(Integer.MAX_VALUE);
    RunningJob job = start(PATIENT);
    try {
      assertThatThrownBy(job::await).hasMessageContaining("the device is gone");
    } finally {
      job.close();
    }
    JobStatus status = JobStatus.read(models(), "test").orElseThrow();
    assertThat(status.state()).isEqualTo(State.FAILED);
    assertThat(status.cause()).contains("IllegalStateException: the device is gone");
    assertThat(status.restarts().count()).isEqualTo(2);
  }

  @Test
  void aJobThatCompletesNoCheckpointFails() throws Exception {
    snapshots = new CountDownLatch(1);
    RunningJob job =
        start(new Tolerance(Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofHours(1)));
    try {
      assertThatThrownBy(job::await)
          .isInstanceOf(UserException.class)
          .hasMessageStartingWith("job test failed: no checkpoint has completed for ")
          .hasMessageContaining("checkpoint.tolerable-age is 1 s");
      Health health = job.watch().health();
      assertThat(health.isReady()).isFalse();
      assertThat(health.fatal()).isNotEmpty();
    } finally {
      snapshots.countDown();
      job.close();
    }
    JobStatus status = JobStatus.read(models(), "test").orElseThrow();
    assertThat(status.state()).isEqualTo(State.FAILED);
    assertThat(status.cause().orElseThrow()).startsWith("no checkpoint has completed for ");
    assertThat(status.end()).isPresent();
  }
}
