package io.tagstream.job.inference;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.suspects.Notes;
import io.tagstream.job.threads.Watchdog;
import io.tagstream.settings.InferenceSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hung engines and loads, with a watchdog that records instead of halting the process. */
@Timeout(60)
class HangingEngineTest {
  private final FakeModels models = new FakeModels();
  private final BlockingQueue<String> verdicts = new LinkedBlockingQueue<>();

  @AfterEach
  void letGo() {
    models.state().permits.release(1000);
    models.state().loadPermits.release(1000);
  }

  private InferenceWorker worker(Duration call, Duration load) {
    return new InferenceWorker(
        models,
        new MicroBatching(8, Duration.ofMillis(1), 1),
        new CropGeometry(FakeModels.RESIZE, FakeModels.CROP),
        new InferenceSettings(call, load),
        new Watchdog(
            Duration.ofMillis(1),
            (message, thread) -> {
              verdicts.add(message);
              letGo();
            }),
        Notes.none(),
        "1/1",
        getClass().getClassLoader(),
        (newReason, retry) -> {});
  }

  private static List<DecodedImage> images(int count) {
    return LongStream.range(17, 17 + count)
        .mapToObj(
            offset ->
                new DecodedImage(
                    new Coordinates("images", 3, offset),
                    "image-" + offset,
                    Optional.empty(),
                    false,
                    Optional.empty(),
                    Instant.EPOCH,
                    Instant.EPOCH,
                    100,
                    FakeModels.pixels(0, 1)))
        .toList();
  }

  @Test
  void namesModelAndFirstImageOfAHungBatch() throws Exception {
    try (InferenceWorker worker = worker(Duration.ofMillis(50), Duration.ofMinutes(1))) {
      worker.start();
      models.state().hold = true;
      worker.infer(images(5), outcome -> {});
      assertThat(verdicts.take())
          .startsWith(
              "model v1 has not computed a batch of 5 images, the first at images-3@17, for 50 ms (inference.timeout): the process ends");
    }
    assertThat(verdicts).isEmpty();
  }

  @Test
  void namesAModelThatDoesNotLoad() throws Exception {
    models.state().holdLoads = true;
    try (InferenceWorker worker = worker(Duration.ofMinutes(1), Duration.ofMillis(50))) {
      worker.start();
      assertThat(verdicts.take())
          .startsWith("model v1 has not finished loading for 50 ms (inference.load-timeout)");
    }
    assertThat(verdicts).isEmpty();
  }

  @Test
  void namesAModelThatDoesNotLoadWhileAnotherServes() throws Exception {
    try (InferenceWorker worker = worker(Duration.ofMinutes(1), Duration.ofMillis(300))) {
      worker.start();
      models.state().holdLoads = true;
      models.state().live = "v2";
      worker.reload();
      assertThat(verdicts.take()).startsWith("model v2 has not finished loading for 300 ms");
    }
  }
}
