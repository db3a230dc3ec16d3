package io.tagstream.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ForcedExitTest {
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  @Test
  void haltsAProcessThatDoesNotEnd() throws InterruptedException {
    try (ForcedExit exit =
        new ForcedExit(Duration.ofMillis(1), events::add, code -> events.add("exit " + code))) {
      exit.unlessClosed("the job failed: the device is gone");
      assertThat(events.take())
          .startsWith("the job failed: the device is gone (the process is halted");
      assertThat(events.take()).isEqualTo("exit 1");
    }
  }

  @Test
  void doesNothingAfterAnOrderlyEnd() {
    ForcedExit exit =
        new ForcedExit(Duration.ofHours(1), events::add, code -> events.add("exit " + code));
    exit.unlessClosed("the job failed");
    exit.close();
    assertThat(events).isEmpty();
  }
}
