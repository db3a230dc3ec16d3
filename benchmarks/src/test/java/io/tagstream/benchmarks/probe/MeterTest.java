package io.tagstream.benchmarks.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class MeterTest {
  @Test
  void whatCameBeforeTheWarmUpsEndDoesNotCount() throws InterruptedException {
    Meter meter = Meter.start(3, 4);
    meter.answered(2);
    assertThatThrownBy(meter::figures)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("2 images were answered of 7");
    long begin = System.nanoTime();
    meter.answered(2);
    meter.answered(4);
    double seconds = (System.nanoTime() - begin) / 1e9;
    meter.await(new CompletableFuture<>());
    // Four counted images: the first sample was taken after the fourth image, the last after the
    // eighth.
    assertThat(meter.figures().get(Meter.RATE)).isGreaterThanOrEqualTo(4 / seconds);
    assertThat(meter.figures()).containsKeys(Meter.PROCESSOR, Meter.ALLOCATED, Meter.RESIDENT);
  }

  @Test
  void workThatEndsTooSoonIsAnError() {
    Meter meter = Meter.start(0, 5);
    meter.answered(1);
    CompletableFuture<Void> work =
        CompletableFuture.failedFuture(new IllegalStateException("broken"));
    assertThatThrownBy(() -> meter.await(work))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("it ended after 1 images of 5")
        .hasRootCauseMessage("broken");
    assertThatThrownBy(() -> meter.await(CompletableFuture.completedFuture(null)))
        .isInstanceOf(IllegalStateException.class)
        .hasNoCause();
  }
}
