package io.tagstream.job.threads;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Waits for threads that use native memory. An interrupt does not end the wait, because the memory
 * would then be freed under them; the interrupt flag is set again afterwards.
 */
public final class PatientWait {

  /** One bounded wait. */
  private interface Attempt {
    boolean ended() throws InterruptedException;
  }

  private PatientWait() {}

  public static void forEnd(Thread thread) {
    until(
        () -> {
          thread.join();
          return true;
        });
  }

  /** Shuts an executor down and waits until its queued tasks have finished. */
  public static void forEnd(ExecutorService executor) {
    executor.shutdown();
    until(() -> executor.awaitTermination(1, TimeUnit.HOURS));
  }

  private static void until(Attempt attempt) {
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = attempt.ended();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
