package io.tagstream.job;

import io.tagstream.settings.UserException;
import java.time.Duration;
import java.util.function.Consumer;

/** The lines that a job in this process prints when it starts, is ready and ends. */
final class JobLines {
  private static final Duration CHECK_INTERVAL = Duration.ofMillis(200);

  private final Consumer<String> print;
  private final long began = System.nanoTime();

  /**
   * @param print prints a line
   */
  JobLines(Consumer<String> print) {
    this.print = print;
  }

  /** After the submission: prints the snapshot, the Kafka cluster and the model. */
  void started(RunningJob job) {
    job.watch().startLines().forEach(print);
  }

  /**
   * Prints when the job is ready, and waits for its end.
   *
   * @throws UserException with the root cause, when it failed
   */
  void awaitEnd(RunningJob job) throws InterruptedException {
    try {
      while (!job.watch().health().isReady()) {
        if (job.await(CHECK_INTERVAL)) {
          return;
        }
      }
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      print.accept("ready after %d s".formatted(took.toSeconds()));
      job.await();
    } catch (UserException e) {
      remains(job);
      throw e;
    }
  }

  /** After a stop with a savepoint. */
  void stopped(String savepoint) {
    print.accept("stopped with savepoint %s; the next start resumes from it".formatted(savepoint));
  }

  /** After an end without a savepoint: prints the snapshot that the next start resumes from. */
  void remains(RunningJob job) {
    print.accept(
        job.watch()
            .remains()
            .map(
                "the job ends without a savepoint; %s remains, and the next start resumes from it"
                    ::formatted)
            .orElse("the job ends without a savepoint, and no checkpoint has completed"));
  }
}
