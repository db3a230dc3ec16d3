package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** When a running job trains a new version, and how it measures the live version's accuracy. */
public record RetrainSettings(
    @Setting(
            key = "retrain.min-labels",
            defaultValue = "200",
            min = "1",
            max = "1000000000",
            unit = "labels",
            meaning =
                "New labels that start a run once no label has arrived for retrain.quiet-after; twice as many start it at once. A large training store needs more: see retrain.share.")
        int minLabels,
    @Setting(
            key = "retrain.share",
            defaultValue = "0.1",
            min = "0",
            max = "1",
            meaning = "A run needs new labels for at least this share of the training store.")
        double share,
    @Setting(
            key = "retrain.quiet-after",
            defaultValue = "30 s",
            min = "0 ms",
            max = "24 h",
            meaning = "A run waits until no label has arrived for this long.")
        Duration quietAfter,
    @Setting(
            key = "retrain.max-age",
            defaultValue = "15 min",
            min = "1 s",
            max = "30 d",
            meaning =
                "A run starts with fewer labels once the oldest new label is this old and there are retrain.aged-labels.")
        Duration maxAge,
    @Setting(
            key = "retrain.aged-labels",
            defaultValue = "50",
            min = "1",
            max = "1000000000",
            unit = "labels",
            meaning =
                "New labels that start a run when the oldest of them is retrain.max-age old, or when the live accuracy fell and no label has arrived for retrain.quiet-after.")
        int agedLabels,
    @Setting(
            key = "retrain.min-held-out",
            defaultValue = "25",
            min = "1",
            max = "2000",
            unit = "images",
            meaning =
                "Smallest held-out set: with fewer images no run starts, and no candidate measured on fewer goes live.")
        int minHeldOut,
    @Setting(
            key = "retrain.look-every",
            defaultValue = "5 s",
            min = "10 ms",
            max = "1 h",
            meaning = "Interval at which the job checks the training store for new labels.")
        Duration lookEvery,
    @Setting(
            key = "retrain.attempts",
            defaultValue = "5",
            min = "1",
            max = "100",
            unit = "attempts",
            meaning =
                "Attempts at a run, including those that ended the process; after the last one the run is abandoned and the live version keeps serving.")
        int attempts,
    @Setting(
            key = "retrain.retry-after",
            defaultValue = "30 s",
            min = "0 ms",
            max = "24 h",
            meaning =
                "Wait before the second attempt at a failed run; it doubles with each further attempt.")
        Duration retryAfter,
    @Setting(
            key = "live-accuracy.window",
            defaultValue = "200",
            min = "1",
            max = "100000",
            unit = "labels",
            meaning =
                "Live accuracy is measured over this many latest labels of origin producer and random; after a fall has started a run, another fall starts one only after this many further labels.")
        int accuracyWindow,
    @Setting(
            key = "live-accuracy.min-labels",
            defaultValue = "50",
            min = "1",
            max = "100000",
            unit = "labels",
            meaning = "With fewer labels no live accuracy is reported.")
        int accuracyMinLabels,
    @Setting(
            key = "live-accuracy.fall",
            defaultValue = "0.1",
            min = "0",
            max = "1",
            meaning =
                "A run starts when the live top-1 accuracy is this far below the accuracy expected of the version.")
        double accuracyFall,
    @Setting(
            key = "live-accuracy.significance",
            defaultValue = "0.01",
            min = "0",
            max = "1",
            meaning =
                "The probability of such a fall by chance must be below this (binomial test).")
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
