package io.tagstream.job;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Ends the process of a job that failed when its orderly end takes too long: a task that hangs
 * would keep it for ever, and whoever starts it again would wait as long. Closed at the orderly
 * end.
 */
final class ForcedExit implements AutoCloseable {
  private static final int FAILED = 1;

  private final Duration patience;
  private final Consumer<String> say;
  private final IntConsumer halt;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread created = new Thread(task, "forced exit");
            created.setDaemon(true);
            return created;
          });

  /**
   * @param patience that an orderly end has
   * @param say prints a line
   * @param halt ends the process with an exit code, whatever else runs
   */
  ForcedExit(Duration patience, Consumer<String> say, IntConsumer halt) {
    this.patience = patience;
    this.say = say;
    this.halt = halt;
  }

  /** The orderly end begins. */
  void unlessClosed(String failure) {
    Future<?> unused =
        thread.schedule(
            () -> {
              say.accept(
                  "%s (the process is ended as it is: something in it hangs)".formatted(failure));
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
