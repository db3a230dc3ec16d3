package io.tagstream.model.training;

import java.time.Duration;
import java.util.Optional;

/**
 * Hears how a training gets on, on the thread that trains. What it throws ends the training, which
 * then leaves no version behind.
 */
public interface TrainingProgress {

  /** Hears nothing. */
  TrainingProgress SILENT = new TrainingProgress() {};

  /** An image that is left out because it cannot be read; its place is where a user finds it. */
  default void skipped(String place, String reason) {}

  /** Images are read for the first time: checked, divided and measured. */
  default void read(long images, long of) {}

  /** All images are read. */
  default void start(int classes, int trainingImages, int validationImages, int skipped) {}

  /** Features of the frozen layers are computed. */
  default void features(long images, long of, double imagesPerSecond, Duration remaining) {}

  /**
   * A step is done.
   *
   * @param epoch from 1
   * @param step from 1, within the epoch
   * @param loss the batch's mean cross entropy
   * @param remaining until the last epoch's end
   */
  default void step(
      int epoch,
      int epochs,
      int step,
      int steps,
      double imagesPerSecond,
      double loss,
      Duration remaining) {}

  /**
   * An epoch is done.
   *
   * @param loss the mean over its images
   * @param validation empty when there are no validation images
   */
  default void epoch(int epoch, int epochs, double loss, Optional<Evaluation> validation) {}
}
