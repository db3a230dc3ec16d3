package io.tagstream.job.threads;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.threads.Watchdog.Limit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WatchdogTest {
  private record Verdict(String message, Thread thread) {}

  private final BlockingQueue<Verdict> verdicts = new LinkedBlockingQueue<>();
  private final Watchdog watchdog =
      new Watchdog(
          Duration.ofMillis(1), (message, thread) -> verdicts.add(new Verdict(message, thread)));

  /** Hangs until the watchdog's verdict on this thread. */
  private Verdict hang(String what, int millis) throws InterruptedException {
    return watchdog.call(
        () -> what, new Limit(Duration.ofMillis(millis), "inference.timeout"), verdicts::take);
  }

  @Test
  void reportsAHungCallOnceWithItsTimeAndSetting() throws Exception {
    Verdict verdict = hang("model v1 has not answered", 20);
    assertThat(verdict.message())
        .startsWith("model v1 has not answered for 20 ms (inference.timeout): the process ends");
    assertThat(verdict.thread()).isSameAs(Thread.currentThread());
    List<Verdict> second =
        watchdog.call(
            () -> "once",
            new Limit(Duration.ofMillis(5), "x"),
            () -> List.of(verdicts.take(), hang("later than a second verdict", 20)));
    assertThat(second.get(0).message()).startsWith("once");
    assertThat(second.get(1).message()).startsWith("later");
    assertThat(verdicts).isEmpty();
  }

  @Test
  void ignoresCallsThatReturnOrProgress() throws Exception {
    watchdog.call(() -> "back in time", new Limit(Duration.ofSeconds(30), "x"), () -> 1);
    try (Watchdog.Watch steps =
        watchdog.watch(() -> "progressed", new Limit(Duration.ofMillis(200), "x"))) {
      for (int i = 0; i < 20; i++) {
        assertThat(hang("hangs", 20).message()).startsWith("hangs");
        steps.progressed();
      }
    }
    assertThat(hang("hangs", 300).message()).startsWith("hangs");
  }

  /** Runs in a separate process. */
  public static final class Hanging {
    private Hanging() {}

    public static void main(String[] args) throws InterruptedException {
      // A halt does not run shutdown hooks.
      Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("an orderly end")));
      Watchdog.ofProcess()
          .call(
              () -> "model v1 has not answered",
              new Limit(Duration.ofSeconds(1), "inference.timeout"),
              () -> {
                new CountDownLatch(1).await();
                return 1;
              });
    }
  }

  @Test
  void haltsTheProcessWithOneLineOnStandardError() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Hanging.class.getName())
            .start();
    String errors = new String(process.getErrorStream().readAllBytes(), UTF_8);
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(errors.lines().filter(line -> line.startsWith("tagstream: ")))
        .containsExactly(
            "tagstream: model v1 has not answered for 1 s (inference.timeout): the process ends, because checkpoints and stops would wait for it indefinitely");
    assertThat(output).doesNotContain("an orderly end");
  }
}
