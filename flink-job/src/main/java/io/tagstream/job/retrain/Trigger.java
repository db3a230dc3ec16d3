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
  /** Of those who asked for a run, so many are named in its manifest. */
  private static final int NAMED = 5;

  /**
   * Why a run is to start.
   *
   * @param reason for a person
   */
  record Start(RetrainRun.Cause cause, String reason) {}

  private final RetrainSettings settings;

  Trigger(RetrainSettings settings) {
    this.settings = settings;
  }

  /**
   * The first reason there is to start a run now: a request, a fall of the live accuracy that there
   * are new labels to learn from after, enough new labels, labels that have waited long enough.
   * None while too few images are held out, since nobody could judge what came of it.
   *
   * @param arrivals after the look that gave the counts
   * @param requests those that no run has taken
   */
  Optional<Start> fires(
      Counts counts,
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
    // Labels show a fall before their pictures are in the store: without them a run learns nothing.
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

  /** N: new labels that start a run when no more come, and at once when they are twice as many. */
  long needed(Counts counts) {
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
    String named = texts.stream().limit(NAMED).collect(Collectors.joining(", "));
    return texts.size() <= NAMED ? named : "%s and %d more".formatted(named, texts.size() - NAMED);
  }
}
