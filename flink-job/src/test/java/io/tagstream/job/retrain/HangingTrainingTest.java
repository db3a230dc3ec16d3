package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.threads.Watchdog;
import io.tagstream.job.threads.Watchdog.Limit;
import io.tagstream.model.training.TrainingProgress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What counts as progress of a training. */
@Timeout(60)
class HangingTrainingTest {
  private final BlockingQueue<String> verdicts = new LinkedBlockingQueue<>();

  /** The watchdog's fake clock, so that both times advance together. */
  private static void pass(Watchdog watchdog, BlockingQueue<String> verdicts, int millis)
      throws InterruptedException {
    String waited =
        watchdog.call(() -> "time", new Limit(Duration.ofMillis(millis), "x"), verdicts::take);
    assertThat(waited).startsWith("time");
  }

  @Test
  void aStepAnEpochsPartOrAnImageIsEnough() throws Exception {
    Watchdog watchdog =
        new Watchdog(Duration.ofMillis(1), (message, thread) -> verdicts.add(message));
    try (Watchdog.Watch watch =
        watchdog.watch(
            () -> "the training of v2 made no progress",
            new Limit(Duration.ofMillis(300), "training.step-timeout"))) {
      StoredTraining.Reports reports = new StoredTraining.Reports(step -> {}, () -> false, watch);
      List<Runnable> signs =
          List.of(
              () -> assertThat(reports.isCancelled()).isFalse(),
              () -> reports.features(1, 2, 3, Duration.ZERO),
              () -> reports.step(new TrainingProgress.Step(1, 1, 1, 1, 1, 1, Duration.ZERO)));
      for (int round = 0; round < 4; round++) {
        for (Runnable sign : signs) {
          pass(watchdog, verdicts, 50);
          sign.run();
        }
      }
      assertThat(verdicts.take())
          .startsWith("the training of v2 made no progress for 300 ms (training.step-timeout)");
    }
  }
}
