package io.tagstream.job.sink;

import io.tagstream.job.threads.PatientWait;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a task's resources without throwing and in bounded time. Flink treats an exception in a
 * failed task's clean-up as fatal and stops the TaskManager; and a job that restarts, or a process
 * that stops, waits for the clean-up to end.
 */
final class QuietClose {
  private static final Logger LOG = LoggerFactory.getLogger(QuietClose.class);

  private QuietClose() {}

  /**
   * Closes a resource on the caller's thread, which is interrupted after the limit.
   *
   * @param what names the resource in the log
   */
  static void close(AutoCloseable resource, Duration limit, String what) {
    boolean interrupted = Thread.interrupted();
    Thread closing = Thread.currentThread();
    Thread watch = new Thread(() -> interruptAfter(limit, closing), "closes " + what);
    watch.setDaemon(true);
    watch.start();
    try {
      resource.close();
    } catch (Exception | LinkageError e) {
      LOG.warn("Closed {} with an error; the job continues without it", what, e);
    } finally {
      watch.interrupt();
      PatientWait.forEnd(watch);
      // Clears the flag that the watch, or a client that it interrupted, has set.
      Thread.interrupted();
      if (interrupted) {
        closing.interrupt();
      }
    }
  }

  private static void interruptAfter(Duration limit, Thread closing) {
    try {
      Thread.sleep(limit.toMillis());
      closing.interrupt();
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }
}
