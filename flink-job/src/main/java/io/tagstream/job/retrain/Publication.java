package io.tagstream.job.retrain;

import io.tagstream.job.retrain.Training.Judged;
import io.tagstream.model.store.LiveChange;
import io.tagstream.schemas.ModelStatus;
import java.time.Clock;
import java.util.List;

/**
 * Does what the gate says, once. A crash may come at any point, and people change the live version
 * too; {@code MODELS/live} and its history tell what happened:
 *
 * <ul>
 *   <li>The version is live: it was promoted before a crash.
 *   <li>It was the last to be promoted and is not live: the crash came between the history and
 *       {@code live}. It is promoted again.
 *   <li>It was promoted and something came after: somebody went on from there, which stays.
 *   <li>It never was, and the live version is the one that it was compared with: it is promoted.
 *   <li>It never was, and another version is live: somebody changed it during the run, and nobody
 *       knows which of the two is better. It stays a candidate.
 * </ul>
 */
final class Publication {
  private final Models models;
  private final String by;
  private final Clock clock;

  /**
   * @param by who promotes
   */
  Publication(Models models, String by, Clock clock) {
    this.models = models;
    this.by = by;
    this.clock = clock;
  }

  Outcome publish(String version, Judged judged) {
    return switch (judged.decision()) {
      case PROMOTE -> promote(version, judged);
      case NO_GAIN -> outcome(version, ModelStatus.CANDIDATE, "no gain: " + judged.summary());
      case REJECT -> outcome(version, ModelStatus.REJECTED, judged.summary());
    };
  }

  private Outcome promote(String version, Judged judged) {
    String live = models.live();
    List<LiveChange> history = models.history();
    boolean everPromoted = history.stream().anyMatch(change -> change.version().equals(version));
    boolean lastPromoted =
        everPromoted && history.get(history.size() - 1).version().equals(version);
    if (live.equals(version) || (everPromoted && !lastPromoted)) {
      return outcome(version, ModelStatus.PROMOTED, judged.summary());
    }
    if (!lastPromoted && !live.equals(judged.incumbent())) {
      return outcome(
          version,
          ModelStatus.CANDIDATE,
          "%s went live during the run, it was compared with %s: %s"
              .formatted(live, judged.incumbent(), judged.summary()));
    }
    models.promote(version, by);
    return outcome(version, ModelStatus.PROMOTED, judged.summary());
  }

  private Outcome outcome(String version, ModelStatus status, String reason) {
    return new Outcome(version, status, reason, clock.instant());
  }
}
