package io.tagstream.job.threads;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Waits for threads that use native memory. An interrupt does not end the wait, or the memory would
 * be freed under them; the caller finds it noted afterwards.
 */
public final class PatientWait {

  /** Waits for some time and says whether the end has come. */
  private interface Attempt {
    boolean ended() throws InterruptedException;
  }

  private PatientWait() {}

  /** Waits until a thread has ended. */
  public static void forEnd(Thread thread) {
    until(
        () -> {
          thread.join();
          return true;
        });
  }

  /** Lets an executor finish what it has, and waits for that. */
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
