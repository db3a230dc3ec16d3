package io.tagstream.job.retrain;

import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.trainingstore.RetrainRun;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Decides when a run starts. */
final class Trigger {
  /** How many requesters a run's reason names. */
  private static final int MAX_NAMED = 5;

  /**
   * Why a run starts.
   *
   * @param reason in words, for the user
   */
  record Start(RetrainRun.Cause cause, String reason) {}

  private final RetrainSettings settings;

  Trigger(RetrainSettings settings) {
    this.settings = settings;
  }

  /**
   * The first of these reasons to start a run now: a request; a fall of the live accuracy, with new
   * labels to train on; enough new labels; labels that have waited long enough. Empty while too few
   * images are held out, because a candidate could not be judged.
   *
   * @param arrivals as of the reading that gave the counts
   * @param requests those that no run has answered
   */
  Optional<Start> fires(
      StoreCounts counts,
      Arrivals arrivals,
      Optional<LiveAccuracy.Fall> fall,
      List<RetrainRequest> requests,
      Instant now) {
    if (counts.heldOut() < settings.minHeldOut()) {
      return Optional.empty();
    }
    if (!requests.isEmpty()) {
      return Optional.of(new Start(RetrainRun.Cause.REQUEST, text(requests)));
    }
    long needed = needed(counts);
    boolean quiet = arrivals.quiet(now).compareTo(settings.quietAfter()) >= 0;
    // Labels show a fall before their images are in the store; a run without them learns nothing
    // new.
    boolean learnable =
        counts.newLabels() >= settings.agedLabels() && (quiet || counts.newLabels() >= needed);
    if (fall.isPresent() && learnable) {
      return fall.map(fallen -> new Start(RetrainRun.Cause.ACCURACY, fallen.toString()));
    }
    if (counts.newLabels() >= 2 * needed || (counts.newLabels() >= needed && quiet)) {
      return Optional.of(
          new Start(
              RetrainRun.Cause.LABELS,
              "%d new labels, %d are enough".formatted(counts.newLabels(), needed)));
    }
    if (counts.newLabels() >= settings.agedLabels()
        && arrivals.age(now).compareTo(settings.maxAge()) >= 0) {
      return Optional.of(
          new Start(
              RetrainRun.Cause.AGE,
              "%d new labels, the first of them %s old"
                  .formatted(counts.newLabels(), DurationText.format(settings.maxAge()))));
    }
    return Optional.empty();
  }

  /** N: so many new labels start a run when no more arrive; 2N start it immediately. */
  long needed(StoreCounts counts) {
    return Math.max(settings.minLabels(), (long) Math.ceil(settings.share() * counts.rows()));
  }

  private static String text(List<RetrainRequest> requests) {
    List<String> texts =
        requests.stream()
            .map(
                request ->
                    String.format(
                        Locale.ROOT,
                        "asked for by %s%s",
                        request.by(),
                        Optional.ofNullable(request.reason()).map(" (%s)"::formatted).orElse("")))
            .distinct()
            .toList();
    String named = texts.stream().limit(MAX_NAMED).collect(Collectors.joining(", "));
    return texts.size() <= MAX_NAMED
        ? named
        : "%s and %d more".formatted(named, texts.size() - MAX_NAMED);
  }
}
