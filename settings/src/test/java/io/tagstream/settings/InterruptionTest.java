package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InterruptionTest {
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

  @Test
  void theFirstSignalStopsAndTheSecondKills() throws Exception {
    try (Interruption interruption =
        Interruption.listen(() -> heard.add("stop"), code -> heard.add("kill " + code))) {
      assertThat(interruption.requested()).isFalse();

      raise("TERM");
      assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("stop");
      assertThat(interruption.requested()).isTrue();

      raise("TERM");
      assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("kill 143");
    }
  }

  @Test
  void closingRestoresThePreviousHandler() throws Exception {
    try (Interruption outer =
        Interruption.listen(() -> heard.add("outer"), code -> heard.add("kill"))) {
      Interruption.listen(() -> heard.add("inner"), code -> heard.add("kill")).close();

      raise("TERM");
      assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("outer");
      assertThat(outer.requested()).isTrue();
    }
  }

  /** Raises a signal in this process; by reflection for the reason given in Interruption. */
  private static void raise(String name) throws ReflectiveOperationException {
    Class<?> type = Class.forName("sun.misc.Signal");
    type.getMethod("raise", type).invoke(null, type.getConstructor(String.class).newInstance(name));
  }
}
