package io.tagstream.job.retrain;

import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.Verdict;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.trainingstore.RunOutcome;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

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

  RunOutcome publish(String version, Verdict verdict) {
    return switch (verdict.outcome()) {
      case PROMOTED -> promote(version, verdict);
      case NO_GAIN -> outcome(version, ModelStatus.CANDIDATE, summary(verdict));
      case REJECTED -> outcome(version, ModelStatus.REJECTED, summary(verdict));
    };
  }

  /**
   * What became of a run whose attempts are used up: its version may be there, and live.
   *
   * @param judged how the version was judged, if it is there
   * @param attempts that failed
   * @param cause why the last one did
   * @throws RuntimeException when the stores do not say
   */
  RunOutcome giveUp(String version, Optional<Verdict> judged, int attempts, Throwable cause) {
    if (wentLive(version, models.live(), models.history())) {
      return outcome(
          version,
          ModelStatus.PROMOTED,
          judged.map(Publication::summary).orElse("it went live before its attempts failed"));
    }
    if (judged.isEmpty()) {
      return outcome(
          version,
          ModelStatus.REJECTED,
          "the run failed %d times, at last: %s".formatted(attempts, text(cause)));
    }
    return outcome(
        version,
        ModelStatus.CANDIDATE,
        "it was judged better but could not be made live in %d attempts, at last: %s; ./tagstream model promote %s makes it live: %s"
            .formatted(attempts, text(cause), version, summary(judged.get())));
  }

  /** In a sentence. */
  static String text(Throwable cause) {
    return Optional.ofNullable(cause.getMessage()).orElse(cause.toString());
  }

  /** Of a run whose parent is damaged and no longer live. */
  RunOutcome withoutParent(String version, String parent) {
    return outcome(
        version,
        ModelStatus.REJECTED,
        "%s, from which it was to go on, is damaged and no longer live; its labels count for the next run"
            .formatted(parent));
  }

  private static boolean wentLive(String version, String live, List<LiveChange> history) {
    return live.equals(version)
        || (everPromoted(version, history) && !lastPromoted(version, history));
  }

  private static boolean everPromoted(String version, List<LiveChange> history) {
    return history.stream().anyMatch(change -> change.version().equals(version));
  }

  private static boolean lastPromoted(String version, List<LiveChange> history) {
    return !history.isEmpty() && history.get(history.size() - 1).version().equals(version);
  }

  private RunOutcome promote(String version, Verdict verdict) {
    while (true) {
      String live = models.live();
      List<LiveChange> history = models.history();
      if (wentLive(version, live, history)) {
        return outcome(version, ModelStatus.PROMOTED, summary(verdict));
      }
      String incumbent = verdict.incumbent().map(Verdict.Incumbent::version).orElse("none");
      if (!lastPromoted(version, history) && !live.equals(incumbent)) {
        return outcome(
            version,
            ModelStatus.CANDIDATE,
            "%s went live during the run, it was compared with %s: %s"
                .formatted(live, incumbent, summary(verdict)));
      }
      // Unless somebody was faster, who is then found by another look.
      if (models.promote(version, by, live)) {
        return outcome(version, ModelStatus.PROMOTED, summary(verdict));
      }
    }
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

  private RunOutcome outcome(String version, ModelStatus status, String reason) {
    return new RunOutcome(version, status, reason, clock.instant());
  }
}
