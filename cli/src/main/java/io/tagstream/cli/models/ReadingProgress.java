package io.tagstream.cli.models;

import io.tagstream.model.training.TrainingProgress;
import io.tagstream.settings.Progress;

/** Shows how many images were read, and reports each one that was skipped. */
final class ReadingProgress implements TrainingProgress {
  private final Progress progress;
  private long done;

  ReadingProgress(Progress progress) {
    this.progress = progress;
  }

  @Override
  public void skipped(String place, String reason) {
    progress.message("%s: %s".formatted(place, reason));
  }

  @Override
  public void read(long images, long of) {
    if (images < done) {
      // Another pass over the images has begun.
      done = 0;
    }
    progress.advance(images - done);
    done = images;
  }
}
