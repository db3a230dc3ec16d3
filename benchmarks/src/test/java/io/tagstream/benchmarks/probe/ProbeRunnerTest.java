package io.tagstream.benchmarks.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.settings.UserException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProbeRunnerTest {
  private static final ProbeTask TASK =
      new ProbeTask("photos", "models", "none:1", 3, 4, 2, 32, 7, 1);

  @TempDir private Path logs;

  /** Prints its task among other lines. */
  public static final class Echo implements Probe {
    @Override
    public Map<String, Double> measure(ProbeTask task) {
      System.out.println("a library says hello");
      return Map.of(
          "count", (double) task.count(), "rate", task.rate(), "threads", (double) task.threads());
    }
  }

  /** Fails while another of its threads continues, as threads of a cluster do. */
  public static final class Broken implements Probe {
    @Override
    public Map<String, Double> measure(ProbeTask task) {
      new Thread(() -> new Endless().measure(task)).start();
      throw new IllegalStateException("no such luck");
    }
  }

  /** Never ends. */
  public static final class Endless implements Probe {
    @Override
    public Map<String, Double> measure(ProbeTask task) {
      new CompletableFuture<Void>().join();
      return Map.of();
    }
  }

  @Test
  void figuresComeBackFromAnotherProcess() throws InterruptedException {
    assertThat(new ProbeRunner(logs, Duration.ofMinutes(1)).run(Echo.class, TASK))
        .isEqualTo(Map.of("count", 4.0, "rate", 7.0, "threads", 1.0));
  }

  @Test
  void aFailureNamesTheProbeItsReasonAndItsLog() {
    assertThatThrownBy(() -> new ProbeRunner(logs, Duration.ofMinutes(1)).run(Broken.class, TASK))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("Broken ended with exit code 1")
        .hasMessageContaining("no such luck")
        .hasMessageContaining(logs.resolve("Broken.log").toString());
  }

  @Test
  void oneThatTakesTooLongIsEnded() {
    assertThatThrownBy(() -> new ProbeRunner(logs, Duration.ofMillis(1)).run(Endless.class, TASK))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("Endless is not done after 0 minutes");
  }
}
