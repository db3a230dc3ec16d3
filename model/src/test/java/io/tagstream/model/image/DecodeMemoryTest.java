package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.image.DecodeMemory.Claim;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class DecodeMemoryTest {
  private static final Duration PATIENT = Duration.ofMinutes(10);
  private static final Duration IMPATIENT = Duration.ofMillis(20);

  private final DecodeMemory memory = new DecodeMemory();

  @Test
  void claimsThatFitAreGranted() {
    Claim first = memory.claim(40, 100, PATIENT);
    Claim second = memory.claim(60, 100, PATIENT);
    assertThat(memory.claimed()).isEqualTo(100);

    first.close();
    assertThat(memory.claimed()).isEqualTo(60);
    second.close();
    assertThat(memory.claimed()).isZero();
  }

  @Test
  void aClaimThatDoesNotFitWaitsForItsTurn() throws Exception {
    Claim first = memory.claim(40, 100, PATIENT);
    FutureTask<Claim> large = claiming(90);
    // It would fit, but then the earlier claim would wait forever.
    FutureTask<Claim> small = claiming(20);
    assertThat(large).isNotDone();
    assertThat(small).isNotDone();

    first.close();
    Claim second = large.get();
    // It does not fit next to the large one: had it been first, the large one would still wait.
    assertThat(small).isNotDone();
    second.close();
    small.get().close();
    assertThat(memory.claimed()).isZero();
  }

  /** Starts a claim on another thread and waits until it blocks. */
  private FutureTask<Claim> claiming(long bytes) throws InterruptedException {
    FutureTask<Claim> claim = new FutureTask<>(() -> memory.claim(bytes, 100, PATIENT));
    Thread thread = new Thread(claim);
    thread.start();
    awaitWaiting(thread);
    return claim;
  }

  @Test
  void memoryOfHungDecodesIsNotWaitedForForEver() {
    Claim hung = memory.claim(50, 100, IMPATIENT);
    hung.hang();

    memory.claim(50, 100, IMPATIENT).close();
    assertThatThrownBy(() -> memory.claim(51, 100, IMPATIENT))
        .isInstanceOf(HungDecodersException.class)
        .hasMessage(
            "images whose decoding has not ended hold 50 bytes of image.memory 100, and the next one needs 51; only a restart of the process frees their threads and memory");

    hung.close();
    memory.claim(100, 100, IMPATIENT).close();
    assertThat(memory.claimed()).isZero();
  }

  @Test
  void aHungDecodeThatEndsInTimeIsWaitedFor() throws Exception {
    Claim hung = memory.claim(50, 100, PATIENT);
    hung.hang();
    FutureTask<Claim> waiting = claiming(100);
    assertThat(waiting).isNotDone();

    hung.close();
    waiting.get().close();
    assertThat(memory.claimed()).isZero();
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    memory.claim(100, 100, PATIENT);
    FutureTask<Boolean> interrupted =
        new FutureTask<>(
            () -> {
              assertThatThrownBy(() -> memory.claim(1, 100, PATIENT))
                  .isInstanceOf(CancellationException.class);
              return Thread.currentThread().isInterrupted();
            });
    Thread waiting = new Thread(interrupted);
    waiting.start();
    awaitWaiting(waiting);

    waiting.interrupt();
    assertThat(interrupted.get()).isTrue();
    assertThat(memory.claimed()).isEqualTo(100);
  }

  private static void awaitWaiting(Thread thread) throws InterruptedException {
    while (thread.getState() != Thread.State.WAITING
        && thread.getState() != Thread.State.TIMED_WAITING) {
      assertThat(thread.isAlive()).isTrue();
      Thread.sleep(1);
    }
  }
}
