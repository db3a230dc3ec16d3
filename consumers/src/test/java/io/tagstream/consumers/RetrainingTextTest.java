package io.tagstream.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.store.RetrainStatus;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetrainingTextTest {
  private static final Instant NOW = Instant.parse("2012-12-03T10:00:00Z");

  private static RetrainStatus status(long heldOut, int requests, boolean running) {
    return new RetrainStatus(
        NOW,
        150,
        200,
        1000,
        heldOut,
        25,
        List.of("heron has 4", "owl has 2"),
        requests,
        Optional.of(12L),
        Optional.empty(),
        running ? Optional.of(run(Optional.empty())) : Optional.empty(),
        Optional.of(new RetrainStatus.Ended("v1", "promoted", "better", NOW.minusSeconds(600))),
        Map.of("v1", new RetrainStatus.Accuracy(400, 300, 200, 160)),
        Optional.empty());
  }

  private static RetrainStatus.Run run(Optional<RetrainStatus.Pause> pause) {
    return new RetrainStatus.Run(
        "v2",
        "400 new labels, 200 are enough",
        NOW.minusSeconds(60),
        2,
        pause.isPresent()
            ? Optional.empty()
            : Optional.of(
                new RetrainStatus.Progress(
                    3, 15, 120, 750, 48.25, 0.5317, 0.01, Duration.ofMinutes(4))),
        pause);
  }

  /** The status of a job whose live version is damaged. */
  private static RetrainStatus troubled(Optional<Instant> stopped) {
    RetrainStatus sound = status(100, 0, true);
    return new RetrainStatus(
        NOW,
        sound.newLabels(),
        sound.neededLabels(),
        sound.rows(),
        sound.heldOut(),
        sound.neededHeldOut(),
        List.of(),
        0,
        Optional.empty(),
        Optional.of("version v1 is damaged"),
        stopped.isPresent()
            ? sound.run()
            : Optional.of(
                run(
                    Optional.of(
                        new RetrainStatus.Pause(
                            NOW.plusMillis(30_123), "attempt 1 failed: disk full")))),
        Optional.empty(),
        Map.of(),
        stopped);
  }

  @Test
  void aPausedRunReportsWhenItResumesAndWhy() {
    assertThat(new RetrainingText(troubled(Optional.empty()), NOW).lines())
        .containsExactly(
            "no run starts: version v1 is damaged",
            "new labels: 150, a run starts at 200; 1000 rows in the training store, 100 images held out",
            "training: v2 waits until 2012-12-03T10:00:30Z for attempt 2, because attempt 1 failed: disk full; 400 new labels, 200 are enough");
  }

  @Test
  void aStoppedRunHasNoRemainingTime() {
    assertThat(new RetrainingText(troubled(Optional.of(NOW)), NOW).lines())
        .startsWith("the training stopped with the job at 2012-12-03T10:00:00Z")
        .endsWith(
            "unfinished run: v2, epoch 3 of 15, 120 of 750 image-steps, resumes with the job, 400 new labels, 200 are enough");
    // A process that was killed wrote no stop.
    assertThat(new RetrainingText(status(100, 0, true), NOW.plusSeconds(300)).lines())
        .noneMatch(line -> line.endsWith("left"))
        .anyMatch(line -> line.startsWith("unfinished run: v2"));
  }

  @Test
  void everyPartHasItsLine() {
    assertThat(new RetrainingText(status(100, 0, true), NOW.plusSeconds(5)).lines())
        .containsExactly(
            "new labels: 150, a run starts at 200; 1000 rows in the training store, 100 images held out; 12 labels wait for their image",
            "classes that wait: heron has 4; owl has 2",
            "training: v2, attempt 2, epoch 3 of 15, 120 of 750 image-steps, loss 0.532, 48.3 images/s, 4 min left, 400 new labels, 200 are enough",
            "last run: v1 promoted, better (2012-12-03T09:50:00Z)",
            "live accuracy of v1: 80.0 % of the last 200 labels, 75.0 % of all 400");
  }

  @Test
  void anOldStatusIsReportedAsOld() {
    assertThat(new RetrainingText(status(24, 1, false), NOW.plusSeconds(300)).lines())
        .startsWith(
            "the job is not running or does not train; its last status is of 2012-12-03T10:00:00Z, 5 min ago",
            "new labels: 150, a run starts at 200; 1000 rows in the training store, 24 images held out, no run before 25; 12 labels wait for their image; requested by retrain");
  }

  @Test
  void aStatusFromTheFutureIsNotFresh() {
    assertThat(new RetrainingText(status(24, 1, false), NOW.minusSeconds(300)).lines().get(0))
        .isEqualTo(
            "the job is not running or does not train; its last status is of 2012-12-03T10:00:00Z, which is in the future: a clock was wrong");
  }

  @Test
  void theSameAsJson(@TempDir Path models) throws IOException {
    status(100, 0, true).write(models, "demo");
    RetrainStatus read = RetrainStatus.read(models, "demo").orElseThrow();
    StringWriter line = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(line)) {
      new RetrainingText(read, NOW).writeTo(json);
    }
    assertThat(line)
        .hasToString(
            "{\"at\":\"2012-12-03T10:00:00Z\",\"fresh\":true,\"newLabels\":150,\"neededLabels\":200,"
                + "\"rows\":1000,\"heldOut\":100,\"neededHeldOut\":25,"
                + "\"waitingClasses\":[\"heron has 4\",\"owl has 2\"],\"requests\":0,"
                + "\"labelsWaiting\":12,\"damage\":null,\"stoppedAt\":null,"
                + "\"run\":{\"version\":\"v2\",\"cause\":\"400 new labels, 200 are enough\","
                + "\"started\":\"2012-12-03T09:59:00Z\",\"attempt\":2,\"progress\":{\"epoch\":3,"
                + "\"epochs\":15,\"step\":120,\"steps\":750,\"imagesPerSecond\":48.25,"
                + "\"loss\":0.5317,\"waiting\":0.01,\"remainingSeconds\":240},\"pause\":null},"
                + "\"lastRun\":{\"version\":\"v1\",\"outcome\":\"promoted\",\"reason\":\"better\","
                + "\"at\":\"2012-12-03T09:50:00Z\"},\"liveAccuracy\":{\"v1\":{\"labels\":400,"
                + "\"right\":300,\"recentLabels\":200,\"recentRight\":160}}}");
    assertThat(read).isEqualTo(status(100, 0, true));
    assertThat(RetrainStatus.read(models, "other")).isEmpty();
  }
}
