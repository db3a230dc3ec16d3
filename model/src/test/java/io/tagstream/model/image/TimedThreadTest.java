package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class TimedThreadTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration SHORT = Duration.ofMillis(30);

  @Test
  void workIsDoneOnItsOwnThread() throws Exception {
    TimedThread thread = new TimedThread("worker");

    assertThat(thread.run(() -> Thread.currentThread().getName(), LONG)).isEqualTo("worker");
    assertThat(thread.run(() -> Thread.currentThread().isDaemon(), LONG)).isTrue();

    thread.end();
  }

  @Test
  void whatTheWorkThrowsIsTheCause() {
    TimedThread thread = new TimedThread("worker");
    IllegalStateException failure = new IllegalStateException("broken");

    assertThatThrownBy(
            () ->
                thread.run(
                    () -> {
                      throw failure;
                    },
                    LONG))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);

    thread.end();
  }

  @Test
  void workThatTakesItsTimeIsLeftToItself() throws Exception {
    TimedThread thread = new TimedThread("worker");
    AtomicBoolean go = new AtomicBoolean();
    AtomicBoolean done = new AtomicBoolean();

    assertThatThrownBy(
            () ->
                thread.run(
                    () -> {
                      while (!go.get()) {
                        Thread.onSpinWait();
                      }
                      done.set(true);
                      return 0;
                    },
                    SHORT))
        .isInstanceOf(TimeoutException.class);

    CountDownLatch last = new CountDownLatch(1);
    thread.end(
        () -> {
          assertThat(done).isTrue();
          last.countDown();
        });
    assertThat(last.getCount()).isOne();
    go.set(true);
    last.await();
  }

  /** On a busy machine work waits for a processor; that must not count. */
  @Test
  void workThatWaitsHasTenTimesAsLong() throws Exception {
    TimedThread thread = new TimedThread("worker");
    CountDownLatch never = new CountDownLatch(1);

    assertThat(
            thread.run(
                () -> {
                  Thread.sleep(600);
                  return "waited";
                },
                Duration.ofMillis(400)))
        .isEqualTo("waited");
    assertThatThrownBy(
            () ->
                thread.run(
                    () -> {
                      never.await();
                      return 0;
                    },
                    SHORT))
        .isInstanceOf(TimeoutException.class);

    never.countDown();
    thread.end();
  }

  @Test
  void anInterruptIsKeptForLater() throws Exception {
    TimedThread thread = new TimedThread("worker");
    Thread.currentThread().interrupt();

    assertThat(thread.run(() -> "done", LONG)).isEqualTo("done");
    assertThat(Thread.interrupted()).isTrue();

    thread.end();
  }
}
