package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JobStatusTest {
  private static final Instant NOW = Instant.parse("2012-12-03T10:00:00Z");

  @TempDir Path models;

  private static JobStatus status(JobStatus.State state) {
    return status(state, new JobStatus.Writer(4711, "elsewhere.invalid"));
  }

  private static JobStatus status(JobStatus.State state, JobStatus.Writer process) {
    return new JobStatus(
        JobStatus.FORMAT,
        "flowers",
        state,
        Optional.empty(),
        NOW.minusSeconds(60),
        NOW,
        process,
        new JobStatus.Kafka("cluster-1", "127.0.0.1:9092", ""),
        new JobStatus.Serving(Optional.of("v1"), "deeplearning4j", "auto", 2),
        Optional.of("file:/checkpoints/flowers/savepoint-1"),
        Optional.of(
            new JobStatus.Checkpoint(
                17, NOW, Optional.of(45L), Optional.of(1200L), Optional.of("file:/c/chk-17"))),
        new JobStatus.Troubles(2, Optional.of(NOW), Optional.of("the disk is full")),
        JobStatus.Troubles.NONE,
        Optional.empty());
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    JobStatus written = status(JobStatus.State.RUNNING);
    written.write(models);
    assertThat(JobStatus.read(models, "flowers")).contains(written);
    assertThat(Files.readString(models.resolve("status/flowers.json")))
        .contains("\"format\" : 1", "\"state\" : \"running\"", "\"durationMs\" : 45")
        .doesNotContain("\"end\"");
  }

  @Test
  void aLaterOneTakesItsPlaceAndNothingElseStays() throws IOException {
    status(JobStatus.State.STARTING).write(models);
    status(JobStatus.State.STOPPED).write(models);
    assertThat(JobStatus.read(models, "flowers").orElseThrow().state())
        .isEqualTo(JobStatus.State.STOPPED);
    try (Stream<Path> files = Files.list(models.resolve("status"))) {
      assertThat(files).containsExactly(models.resolve("status/flowers.json"));
    }
  }

  @Test
  void aStoreWithoutOneHasNoJobs() {
    assertThat(JobStatus.read(models, "flowers")).isEmpty();
    assertThat(JobStatus.jobs(models)).isEmpty();
    assertThat(JobStatus.jobs(models.resolve("missing"))).isEmpty();
  }

  /** The content of the file before it had a format: the state of the retraining. */
  @Test
  void anEarlierVersionsFileIsNone() throws IOException {
    Files.createDirectories(models.resolve("status"));
    Files.writeString(
        models.resolve("status/flowers.json"),
        """
        {"at" : "2012-12-03T10:00:00Z", "newLabels" : 3, "neededLabels" : 200, "rows" : 10,
         "heldOut" : 2, "neededHeldOut" : 25, "requests" : 0}
        """);
    assertThat(JobStatus.read(models, "flowers")).isEmpty();
    assertThat(JobStatus.jobs(models)).containsExactly("flowers");
  }

  @Test
  void fieldsThatALaterVersionAddsArePassedOver() throws IOException {
    status(JobStatus.State.RUNNING).write(models);
    Path file = models.resolve("status/flowers.json");
    Files.writeString(
        file, Files.readString(file).replace("\"format\" : 1,", "\"format\" : 1, \"mood\" : {},"));
    assertThat(JobStatus.read(models, "flowers")).contains(status(JobStatus.State.RUNNING));
  }

  @Test
  void aLaterFormatIsNamed() throws IOException {
    status(JobStatus.State.RUNNING).write(models);
    Path file = models.resolve("status/flowers.json");
    Files.writeString(file, Files.readString(file).replace("\"format\" : 1", "\"format\" : 2"));
    assertThatThrownBy(() -> JobStatus.read(models, "flowers"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("format 2");
  }

  @Test
  void whatIsDamagedIsNamed() throws IOException {
    Files.createDirectories(models.resolve("status"));
    Files.writeString(models.resolve("status/flowers.json"), "{\"format\" : 1, \"job\" : \"f");
    assertThatThrownBy(() -> JobStatus.read(models, "flowers"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("flowers.json");
    Files.writeString(models.resolve("status/flowers.json"), "{\"format\" : 1}");
    assertThatThrownBy(() -> JobStatus.read(models, "flowers"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("flowers.json");
  }

  @Test
  void theRetrainingHasAFileOfItsOwn() throws IOException {
    status(JobStatus.State.RUNNING).write(models);
    RetrainStatus retraining =
        new RetrainStatus(
            NOW,
            1,
            2,
            3,
            4,
            5,
            List.of(),
            0,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty());
    retraining.write(models, "flowers");
    assertThat(JobStatus.read(models, "flowers")).isPresent();
    assertThat(RetrainStatus.read(models, "flowers")).contains(retraining);
    assertThat(JobStatus.jobs(models)).containsExactly("flowers");
  }

  @Test
  void oneThatNobodyWritesAnyMoreIsStaleUnlessTheJobHasEnded() {
    Instant later = NOW.plus(Duration.ofSeconds(31));
    assertThat(status(JobStatus.State.RUNNING).isStale(NOW.plusSeconds(29))).isFalse();
    assertThat(status(JobStatus.State.RUNNING).isStale(later)).isTrue();
    assertThat(status(JobStatus.State.STOPPED).isStale(later)).isFalse();
  }

  @Test
  void oneOfAKilledProcessIsStaleSooner() {
    JobStatus killed =
        status(
            JobStatus.State.RUNNING,
            new JobStatus.Writer(Long.MAX_VALUE, JobStatus.Writer.current().host()));
    assertThat(killed.isStale(NOW.plusSeconds(10))).isFalse();
    assertThat(killed.isStale(NOW.plusSeconds(13))).isTrue();
  }

  @Test
  void aWriterIsGoneWhenThisMachineHasNoneOfItsId() {
    JobStatus.Writer current = JobStatus.Writer.current();
    assertThat(current.isGone()).isFalse();
    assertThat(new JobStatus.Writer(Long.MAX_VALUE, current.host()).isGone()).isTrue();
    assertThat(new JobStatus.Writer(Long.MAX_VALUE, "elsewhere.invalid").isGone()).isFalse();
  }
}
