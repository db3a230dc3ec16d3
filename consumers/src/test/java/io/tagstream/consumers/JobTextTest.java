package io.tagstream.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import io.tagstream.model.store.JobStatus.Troubles;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JobTextTest {
  private static final Instant NOW = Instant.parse("2012-12-03T10:00:00Z");
  private static final JobStatus.Writer ELSEWHERE = new JobStatus.Writer(4711, "elsewhere.invalid");

  private static JobStatus status(
      State state,
      Optional<String> cause,
      Instant writtenAt,
      JobStatus.Writer process,
      Optional<JobStatus.Checkpoint> last,
      Troubles failed,
      Troubles restarts,
      Optional<JobStatus.End> end) {
    return new JobStatus(
        JobStatus.FORMAT,
        "flowers",
        state,
        cause,
        NOW.minusSeconds(3600),
        writtenAt,
        process,
        new JobStatus.Kafka("cluster-1", "127.0.0.1:9092", ""),
        new JobStatus.Serving(Optional.of("v1"), "deeplearning4j", "auto", 2),
        Optional.of("file:/c/savepoint-1"),
        last,
        failed,
        restarts,
        end);
  }

  private static Optional<JobStatus.Checkpoint> checkpoint() {
    return Optional.of(
        new JobStatus.Checkpoint(
            17,
            NOW.minusSeconds(3),
            Optional.of(45L),
            Optional.of(12_345L),
            Optional.of("file:/c/chk-17")));
  }

  private static JobStatus running() {
    return status(
        State.RUNNING,
        Optional.empty(),
        NOW.minusSeconds(2),
        ELSEWHERE,
        checkpoint(),
        new Troubles(2, Optional.of(NOW.minusSeconds(300)), Optional.of("the disk is full")),
        new Troubles(1, Optional.of(NOW.minusSeconds(7200)), Optional.of("the device is gone")),
        Optional.empty());
  }

  private static List<String> lines(JobStatus status) {
    return new JobText(status, NOW).lines();
  }

  private static String json(JobStatus status) throws IOException {
    StringWriter line = new StringWriter();
    try (JsonGenerator generator = new JsonFactory().createGenerator(line)) {
      new JobText(status, NOW).writeTo(generator);
    }
    return line.toString();
  }

  @Test
  void reportsARunningJob() {
    assertThat(lines(running()))
        .containsExactly(
            "job flowers: running, since 2012-12-03T09:00:00Z, process 4711 on elsewhere.invalid",
            "engine: deeplearning4j on auto, 2 views; Kafka cluster cluster-1 at 127.0.0.1:9092",
            "resumed from: file:/c/savepoint-1",
            "last checkpoint: number 17, 3 s ago, took 45 ms, 12 KiB",
            "failed checkpoints: 2, the last 5 min ago: the disk is full",
            "restarts: 1, the last 2 h ago: the device is gone");
  }

  @Test
  void reportsTheSameAsJson() throws IOException {
    assertThat(json(running()))
        .isEqualTo(
            "{\"state\":\"running\",\"stale\":false,\"cause\":null,\"startedAt\":\"2012-12-03T09:00:00Z\",\"writtenAt\":\"2012-12-03T09:59:58Z\""
                + ",\"process\":{\"id\":4711,\"host\":\"elsewhere.invalid\"}"
                + ",\"kafka\":{\"clusterId\":\"cluster-1\",\"bootstrapServers\":\"127.0.0.1:9092\",\"topicPrefix\":\"\"}"
                + ",\"serving\":{\"liveVersion\":\"v1\",\"engine\":\"deeplearning4j\",\"device\":\"auto\",\"views\":2}"
                + ",\"resumedFrom\":\"file:/c/savepoint-1\""
                + ",\"lastCheckpoint\":{\"id\":17,\"completedAt\":\"2012-12-03T09:59:57Z\",\"ageSeconds\":3,\"durationMs\":45,\"bytes\":12345,\"location\":\"file:/c/chk-17\"}"
                + ",\"failedCheckpoints\":{\"count\":2,\"lastAt\":\"2012-12-03T09:55:00Z\",\"lastCause\":\"the disk is full\"}"
                + ",\"restarts\":{\"count\":1,\"lastAt\":\"2012-12-03T08:00:00Z\",\"lastCause\":\"the device is gone\"}"
                + ",\"end\":null}");
  }

  @Test
  void leavesOutUnknownValues() {
    JobStatus onACluster =
        status(
            State.RUNNING,
            Optional.empty(),
            NOW,
            ELSEWHERE,
            Optional.of(
                new JobStatus.Checkpoint(
                    17, NOW, Optional.empty(), Optional.empty(), Optional.empty())),
            Troubles.NONE,
            new Troubles(1, Optional.of(NOW), Optional.empty()),
            Optional.empty());
    assertThat(lines(onACluster))
        .contains("last checkpoint: number 17, 0 s ago", "restarts: 1, the last 0 s ago");
  }

  @Test
  void reportsWhyAJobRestarts() {
    JobStatus restarting =
        status(
            State.RESTARTING,
            Optional.of("the device is gone"),
            NOW,
            ELSEWHERE,
            Optional.empty(),
            Troubles.NONE,
            Troubles.NONE,
            Optional.empty());
    assertThat(lines(restarting))
        .contains(
            "job flowers: restarting: the device is gone, since 2012-12-03T09:00:00Z, process 4711 on elsewhere.invalid",
            "last checkpoint: none since the start");
  }

  /** Most likely its process was killed. */
  @Test
  void aJobThatStoppedWritingDoesNotRun() throws IOException {
    JobStatus old =
        status(
            State.RUNNING,
            Optional.empty(),
            NOW.minusSeconds(180),
            ELSEWHERE,
            checkpoint(),
            Troubles.NONE,
            Troubles.NONE,
            Optional.empty());
    assertThat(lines(old).get(0))
        .isEqualTo(
            "job flowers: does not run; it was running 3 min ago, and process 4711 on elsewhere.invalid has not written its status since");
    assertThat(json(old)).contains("\"state\":\"running\",\"stale\":true");
    JobStatus.Writer killed =
        new JobStatus.Writer(Long.MAX_VALUE, JobStatus.Writer.current().host());
    JobStatus gone =
        status(
            State.RUNNING,
            Optional.empty(),
            NOW.minusSeconds(180),
            killed,
            checkpoint(),
            Troubles.NONE,
            Troubles.NONE,
            Optional.empty());
    assertThat(lines(gone).get(0)).endsWith(killed.host() + " is gone");
  }

  @Test
  void reportsHowAJobEnded() throws IOException {
    JobStatus stopped =
        status(
            State.STOPPED,
            Optional.empty(),
            NOW.minusSeconds(180),
            ELSEWHERE,
            checkpoint(),
            Troubles.NONE,
            Troubles.NONE,
            Optional.of(
                new JobStatus.End(
                    NOW.minusSeconds(180), Optional.of("file:/c/savepoint-2"), Optional.empty())));
    assertThat(lines(stopped).get(0))
        .isEqualTo(
            "job flowers: stopped at 2012-12-03T09:57:00Z (3 min ago) with savepoint file:/c/savepoint-2");
    assertThat(json(stopped))
        .contains("\"stale\":false")
        .endsWith(
            "\"end\":{\"at\":\"2012-12-03T09:57:00Z\",\"savepoint\":\"file:/c/savepoint-2\",\"remains\":null}}");
    JobStatus failed =
        status(
            State.FAILED,
            Optional.of("the device is gone"),
            NOW,
            ELSEWHERE,
            checkpoint(),
            Troubles.NONE,
            Troubles.NONE,
            Optional.of(new JobStatus.End(NOW, Optional.empty(), Optional.of("file:/c/chk-17"))));
    assertThat(lines(failed).get(0))
        .isEqualTo(
            "job flowers: failed at 2012-12-03T10:00:00Z (0 s ago) without a savepoint, file:/c/chk-17 remains: the device is gone");
  }

  /** The clock of the job's machine is ahead. */
  @Test
  void noAgeIsNegative() throws IOException {
    JobStatus ahead =
        status(
            State.RUNNING,
            Optional.empty(),
            NOW.plusSeconds(60),
            ELSEWHERE,
            Optional.of(
                new JobStatus.Checkpoint(
                    1, NOW.plusSeconds(50), Optional.empty(), Optional.empty(), Optional.empty())),
            Troubles.NONE,
            Troubles.NONE,
            Optional.empty());
    assertThat(lines(ahead)).contains("last checkpoint: number 1, 0 s ago");
    assertThat(json(ahead)).contains("\"ageSeconds\":0");
  }
}
