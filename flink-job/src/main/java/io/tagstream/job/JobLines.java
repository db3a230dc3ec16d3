package io.tagstream.job;

import io.tagstream.settings.UserException;
import java.time.Duration;
import java.util.function.Consumer;

/** What a job in this process says when it starts, when it is ready and when it ends. */
final class JobLines {
  private static final Duration LOOK = Duration.ofMillis(200);

  private final Consumer<String> say;
  private final long began = System.nanoTime();

  /**
   * @param say prints a line
   */
  JobLines(Consumer<String> say) {
    this.say = say;
  }

  /** The job was submitted; what it resumes from, which Kafka and which model. */
  void started(RunningJob job) {
    job.watch().startLines().forEach(say);
  }

  /**
   * Waits for the job's end.
   *
   * @throws UserException with the root cause, when it failed
   */
  void awaitEnd(RunningJob job) throws InterruptedException {
    try {
      while (!job.watch().health().isReady()) {
        if (job.await(LOOK)) {
          return;
        }
      }
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      say.accept("ready after %d s".formatted(took.toSeconds()));
      job.await();
    } catch (UserException e) {
      remains(job);
      throw e;
    }
  }

  /** A stop ran to its end. */
  void stopped(String savepoint) {
    say.accept("stopped with savepoint %s; the next start resumes from it".formatted(savepoint));
  }

  /** The job ended without a savepoint. */
  void remains(RunningJob job) {
    say.accept(
        job.watch()
            .remains()
            .map(
                "the job ends without a savepoint; %s remains, and the next start resumes from it"
                    ::formatted)
            .orElse("the job ends without a savepoint, and no checkpoint has completed"));
  }
}
