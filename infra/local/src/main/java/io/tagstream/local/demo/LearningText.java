package io.tagstream.local.demo;

import io.tagstream.model.store.RetrainStatus;
import java.util.Locale;

/** How a demo's retraining stands, in a few words. */
final class LearningText {
  private LearningText() {}

  static String of(RetrainStatus status) {
    return status
        .run()
        .map(LearningText::of)
        .orElseGet(
            () ->
                "learned from next: %d new pictures (at %d to %d)"
                    .formatted(
                        status.newLabels(), status.neededLabels(), 2 * status.neededLabels()));
  }

  private static String of(RetrainStatus.Run run) {
    return run.progress()
        .map(
            progress ->
                String.format(
                    Locale.ROOT,
                    "training %s: %d %%, loss %.2f, %d s left",
                    run.version(),
                    100 * progress.step() / progress.steps(),
                    progress.loss(),
                    progress.remaining().toSeconds()))
        .orElse("training %s: reading the pictures".formatted(run.version()));
  }
}
