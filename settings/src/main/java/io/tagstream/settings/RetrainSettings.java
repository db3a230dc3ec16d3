package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** When a running job trains a new version by itself, and how it watches the one that serves. */
public record RetrainSettings(
    @Setting(
            key = "retrain.min-labels",
            defaultValue = "200",
            min = "1",
            max = "1000000000",
            unit = "labels",
            meaning =
                "New labels that start a run once none came for retrain.quiet-after; twice as many"
                    + " start it at once. A large store asks for more: see retrain.share.")
        int minLabels,
    @Setting(
            key = "retrain.share",
            defaultValue = "0.1",
            min = "0",
            max = "1",
            meaning = "New labels that start a run are at least this share of the training store.")
        double share,
    @Setting(
            key = "retrain.quiet-after",
            defaultValue = "30 s",
            min = "0 ms",
            max = "24 h",
            meaning = "Labels that come closer together than this are waited for.")
        Duration quietAfter,
    @Setting(
            key = "retrain.max-age",
            defaultValue = "15 min",
            min = "1 s",
            max = "30 d",
            meaning = "New labels wait this long for more, if there are retrain.aged-labels.")
        Duration maxAge,
    @Setting(
            key = "retrain.aged-labels",
            defaultValue = "50",
            min = "1",
            max = "1000000000",
            unit = "labels",
            meaning =
                "New labels that start a run when the first is retrain.max-age old, or when the"
                    + " live accuracy fell and none came for retrain.quiet-after.")
        int agedLabels,
    @Setting(
            key = "retrain.min-held-out",
            defaultValue = "25",
            min = "1",
            max = "2000",
            unit = "images",
            meaning =
                "No run starts before so many images are held out to judge its model with, and no model goes live that was judged on fewer.")
        int minHeldOut,
    @Setting(
            key = "retrain.look-every",
            defaultValue = "5 s",
            min = "10 ms",
            max = "1 h",
            meaning = "Time between two looks at the training store.")
        Duration lookEvery,
    @Setting(
            key = "retrain.attempts",
            defaultValue = "5",
            min = "1",
            max = "100",
            unit = "attempts",
            meaning =
                "A run that fails as often, or takes its process with it, is given up; the model"
                    + " that serves goes on.")
        int attempts,
    @Setting(
            key = "retrain.retry-after",
            defaultValue = "30 s",
            min = "0 ms",
            max = "24 h",
            meaning =
                "Wait before a failed run's second attempt; it doubles with each further one.")
        Duration retryAfter,
    @Setting(
            key = "live-accuracy.window",
            defaultValue = "200",
            min = "1",
            max = "100000",
            unit = "labels",
            meaning =
                "Live accuracy is over the last so many labels of origin producer and random; a"
                    + " fall of it starts another run only after as many further ones.")
        int accuracyWindow,
    @Setting(
            key = "live-accuracy.min-labels",
            defaultValue = "50",
            min = "1",
            max = "100000",
            unit = "labels",
            meaning = "Before so many labels there is no live accuracy.")
        int accuracyMinLabels,
    @Setting(
            key = "live-accuracy.fall",
            defaultValue = "0.1",
            min = "0",
            max = "1",
            meaning =
                "A live top-1 accuracy so far below what the version was expected to have starts a"
                    + " run.")
        double accuracyFall,
    @Setting(
            key = "live-accuracy.significance",
            defaultValue = "0.01",
            min = "0",
            max = "1",
            meaning = "The fall must be less likely than this by chance (binomial).")
        double accuracySignificance)
    implements Serializable {

  public RetrainSettings {
    if (accuracyMinLabels > accuracyWindow) {
      throw new IllegalArgumentException(
          "live-accuracy.min-labels (%d) is more than live-accuracy.window (%d): there would never be a live accuracy; lower the one or raise the other"
              .formatted(accuracyMinLabels, accuracyWindow));
    }
  }
}
