package io.tagstream.cli.models;

import io.tagstream.model.training.TrainingProgress;
import io.tagstream.settings.Progress;

/** Shows how far the images of a command are read, and names those that cannot be. */
final class ProgressLine implements TrainingProgress {
  private final Progress progress;
  private long done;

  ProgressLine(Progress progress) {
    this.progress = progress;
  }

  @Override
  public void skipped(String place, String reason) {
    progress.message("%s: %s".formatted(place, reason));
  }

  @Override
  public void read(long images, long of) {
    if (images < done) {
      // A further round of images has begun.
      done = 0;
    }
    progress.advance(images - done);
    done = images;
  }
}
