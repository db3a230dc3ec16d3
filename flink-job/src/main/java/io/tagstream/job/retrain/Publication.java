package io.tagstream.job.retrain;

import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.Verdict;
import io.tagstream.schemas.ModelStatus;
import java.time.Clock;
import java.util.List;
import java.util.Locale;

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

  Outcome publish(String version, Verdict verdict) {
    return switch (verdict.outcome()) {
      case PROMOTED -> promote(version, verdict);
      case NO_GAIN -> outcome(version, ModelStatus.CANDIDATE, summary(verdict));
      case REJECTED -> outcome(version, ModelStatus.REJECTED, summary(verdict));
    };
  }

  private Outcome promote(String version, Verdict verdict) {
    String live = models.live();
    List<LiveChange> history = models.history();
    boolean everPromoted = history.stream().anyMatch(change -> change.version().equals(version));
    boolean lastPromoted =
        everPromoted && history.get(history.size() - 1).version().equals(version);
    if (live.equals(version) || (everPromoted && !lastPromoted)) {
      return outcome(version, ModelStatus.PROMOTED, summary(verdict));
    }
    String incumbent = verdict.incumbent().map(Verdict.Incumbent::version).orElse("none");
    if (!lastPromoted && !live.equals(incumbent)) {
      return outcome(
          version,
          ModelStatus.CANDIDATE,
          "%s went live during the run, it was compared with %s: %s"
              .formatted(live, incumbent, summary(verdict)));
    }
    models.promote(version, by);
    return outcome(version, ModelStatus.PROMOTED, summary(verdict));
  }

  private static String summary(Verdict verdict) {
    if (verdict.heldOut() == 0) {
      return verdict.reason();
    }
    String instead =
        verdict
            .incumbent()
            .map(
                before ->
                    String.format(Locale.ROOT, " instead of %.1f %%", 100 * before.scores().top1()))
            .orElse("");
    return String.format(
        Locale.ROOT,
        "top-1 %.1f %%%s; %s",
        100 * verdict.candidate().top1(),
        instead,
        verdict.reason());
  }

  private Outcome outcome(String version, ModelStatus status, String reason) {
    return new Outcome(version, status, reason, clock.instant());
  }
}
