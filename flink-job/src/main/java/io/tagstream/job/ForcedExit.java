package io.tagstream.job;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Halts the process of a failed job when its shutdown takes too long: a task that hangs would keep
 * it alive forever, and a supervisor would never restart it. Close this at the end of the shutdown.
 */
final class ForcedExit implements AutoCloseable {
  private static final int FAILED = 1;

  private final Duration patience;
  private final Consumer<String> print;
  private final IntConsumer halt;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread created = new Thread(task, "forced exit");
            created.setDaemon(true);
            return created;
          });

  /**
   * @param patience the longest time of a shutdown
   * @param print prints a line
   * @param halt halts the process with an exit code
   */
  ForcedExit(Duration patience, Consumer<String> print, IntConsumer halt) {
    this.patience = patience;
    this.print = print;
    this.halt = halt;
  }

  /** Begins the countdown of the shutdown. */
  void unlessClosed(String failure) {
    Future<?> unused =
        thread.schedule(
            () -> {
              print.accept(
                  "%s (the process is halted, because its shutdown hangs)".formatted(failure));
              halt.accept(FAILED);
            },
            patience.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
