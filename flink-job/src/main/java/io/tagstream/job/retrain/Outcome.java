package io.tagstream.job.retrain;

import io.tagstream.schemas.ModelStatus;
import io.tagstream.trainingstore.RunOutcome;
import java.time.Instant;

/**
 * A run's outcome in the state of {@link RetrainOperator}: snapshots name this class and its
 * fields.
 */
public record Outcome(String version, ModelStatus status, String reason, Instant at) {

  static Outcome of(RunOutcome outcome) {
    return new Outcome(outcome.version(), outcome.status(), outcome.reason(), outcome.at());
  }

  RunOutcome restored() {
    return new RunOutcome(version, status, reason, at);
  }
}
