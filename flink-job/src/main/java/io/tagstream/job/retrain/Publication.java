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
 * Carries out the gate's verdict, once. The process may crash at any point, and users change the
 * live version too; {@code MODELS/live} and its history tell what happened:
 *
 * <ul>
 *   <li>The version is live: it was promoted before a crash.
 *   <li>It was the last to be promoted and is not live: the process crashed between writing the
 *       history and writing {@code live}. It is promoted again.
 *   <li>It was promoted and another change followed: a user made it, so it stays.
 *   <li>It was never promoted, and the live version is the one that it was compared with: it is
 *       promoted.
 *   <li>It was never promoted, and another version is live: a user changed it during the run, and
 *       the two were not compared. It stays a candidate.
 * </ul>
 */
final class Publication {
  private final ModelVersions models;
  private final String by;
  private final Clock clock;

  /**
   * @param by who promotes
   */
  Publication(ModelVersions models, String by, Clock clock) {
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
   * The outcome of a run whose attempts are used up. Its version may exist, and may be live.
   *
   * @param judged the verdict on the version, if it exists
   * @param attempts the number of failed attempts
   * @param cause why the last attempt failed
   * @throws RuntimeException when the stores cannot be read
   */
  RunOutcome abandon(String version, Optional<Verdict> judged, int attempts, Throwable cause) {
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
          "the run failed %d times; the last failure: %s".formatted(attempts, text(cause)));
    }
    return outcome(
        version,
        ModelStatus.CANDIDATE,
        "it was judged better but could not be made live in %d attempts; the last failure: %s; ./tagstream model promote %s makes it live: %s"
            .formatted(attempts, text(cause), version, summary(judged.get())));
  }

  /** The message of a failure, or its class where it has none. */
  static String text(Throwable cause) {
    return Optional.ofNullable(cause.getMessage()).orElse(cause.toString());
  }

  /** The outcome of a run whose parent is damaged and no longer live. */
  RunOutcome withoutParent(String version, String parent) {
    return outcome(
        version,
        ModelStatus.REJECTED,
        "its parent %s is damaged and no longer live; its labels count for the next run"
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
      // False if a user changed the live version meanwhile; the next iteration sees that change.
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
