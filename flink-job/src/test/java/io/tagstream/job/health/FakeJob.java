package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import io.tagstream.model.store.JobStatus.Troubles;
import io.tagstream.settings.UserException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/** A job whose observations a test sets. */
final class FakeJob implements JobWatch.Watched {
  static final Instant START = Instant.parse("2012-12-03T10:00:00Z");

  State state = State.STARTING;
  Optional<String> cause = Optional.empty();
  List<String> notRunning = List.of("Decode (1/2) is initializing");
  long completed;
  Troubles failedCheckpoints = Troubles.NONE;
  Troubles restarts = Troubles.NONE;
  boolean answers = true;
  Optional<UserException> failure = Optional.empty();

  void runs() {
    state = State.RUNNING;
    cause = Optional.empty();
    notRunning = List.of();
  }

  @Override
  public Observation observe() throws Exception {
    if (!answers) {
      throw new TimeoutException();
    }
    Optional<JobStatus.Checkpoint> last =
        completed == 0
            ? Optional.empty()
            : Optional.of(
                new JobStatus.Checkpoint(
                    completed,
                    START,
                    Optional.of(40L),
                    Optional.of(1000L),
                    Optional.of("file:/c/chk-" + completed)));
    return new Observation(state, cause, notRunning, completed, last, failedCheckpoints, restarts);
  }

  @Override
  public void fail(UserException why) {
    failure = Optional.of(why);
  }

  static JobFacts facts(Path models) {
    return new JobFacts(
        "test",
        models,
        new JobStatus.Kafka("cluster-1", "127.0.0.1:9092", "p-"),
        "deeplearning4j",
        "cpu",
        2,
        "resumes from file:/c/savepoint-1",
        Optional.of("file:/c/savepoint-1"),
        START);
  }
}
