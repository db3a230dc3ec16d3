package io.tagstream.job.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Predicate;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class StatusOperatorTest {
  @TempDir Path models;

  private OneInputStreamOperatorTestHarness<Void, Void> harness;
  private Instant now = FakeJob.START;

  private void open() throws Exception {
    harness = new OneInputStreamOperatorTestHarness<>(FakeJob.facts(models).onCluster(), 1, 1, 0);
    harness.setProcessingTime(now.toEpochMilli());
    harness.open();
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
  }

  /** Advances the clock until the file has the expected content. */
  private JobStatus await(Predicate<JobStatus> condition) throws Exception {
    while (JobStatus.read(models, "test").filter(condition).isEmpty()) {
      now = now.plus(Duration.ofSeconds(5));
      harness.setProcessingTime(now.toEpochMilli());
    }
    return JobStatus.read(models, "test").orElseThrow();
  }

  @Test
  void writesCompletedAndAbortedCheckpoints() throws Exception {
    open();
    JobStatus first = await(status -> true);
    assertThat(first.state()).isEqualTo(State.STARTING);
    assertThat(first.startedAt()).isEqualTo(FakeJob.START);
    assertThat(first.kafka().clusterId()).isEqualTo("cluster-1");
    assertThat(first.serving().views()).isEqualTo(2);
    assertThat(first.resumedFrom()).contains("file:/c/savepoint-1");
    assertThat(first.lastCheckpoint()).isEmpty();

    harness.notifyOfCompletedCheckpoint(3);
    JobStatus running = await(status -> status.lastCheckpoint().isPresent());
    assertThat(running.state()).isEqualTo(State.RUNNING);
    assertThat(running.lastCheckpoint().orElseThrow().id()).isEqualTo(3);

    harness.getOneInputOperator().notifyCheckpointAborted(4);
    assertThat(await(status -> status.failedCheckpoints().count() > 0).state())
        .isEqualTo(State.RUNNING);
  }

  @Test
  void isRefreshed() throws Exception {
    open();
    await(status -> status.writtenAt().isAfter(FakeJob.START.plusSeconds(20)));
  }

  @Test
  void continuesWhenItCannotWrite() throws Exception {
    Path inTheWay = Files.writeString(models.resolve("status"), "a file, not a folder");
    open();
    now = now.plus(Duration.ofMinutes(1));
    harness.setProcessingTime(now.toEpochMilli());
    Files.delete(inTheWay);
    await(status -> true);
  }
}
