package io.tagstream.model.training;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Receives the progress of a training on the training thread, and can cancel it. An exception
 * thrown here ends the training at once; a training of all layers or of the dense layers then keeps
 * its last checkpoint.
 */
public interface TrainingProgress {

  /** Ignores all events. */
  TrainingProgress SILENT = new TrainingProgress() {};

  /**
   * Whether the training must end; checked before each step and for each image that is read or
   * measured. The training then throws {@link CancellationException}. Before a step it first saves
   * a checkpoint; during a measurement the last checkpoint remains.
   */
  default boolean isCancelled() {
    return false;
  }

  /**
   * Throws if the training is cancelled.
   *
   * @param what the activity that is interrupted, in words
   * @throws CancellationException if {@link #isCancelled()}
   */
  default void throwIfCancelled(String what) {
    if (isCancelled()) {
      throw new CancellationException("the training was cancelled while " + what);
    }
  }

  /** An image is left out because it cannot be read; {@code place} is where a user finds it. */
  default void skipped(String place, String reason) {}

  /**
   * A class is left out because it has too few images.
   *
   * @param shortage the images that it has and needs, in words
   */
  default void waits(ClassSize size, String shortage) {}

  /**
   * The new version lacks some of its parent's classes.
   *
   * @param labels the classes that it lacks
   */
  default void loses(List<String> labels) {}

  /** Images are read for the first time: checked, split and measured. */
  default void read(long images, long of) {}

  /** All images were read. */
  default void start(int classes, int trainingImages, int validationImages, int skipped) {}

  /**
   * Steps are about to begin, or to resume from a checkpoint.
   *
   * @param version the name of the new version
   * @param recipe the recipe's name
   * @param epoch the current epoch, from 1
   * @param stepsDone 0 at the beginning
   */
  default void run(String version, String recipe, int epoch, long stepsDone) {}

  /** Features of the frozen layers were computed for some more images. */
  default void features(long images, long of, double imagesPerSecond, Duration remaining) {}

  default void step(Step done) {}

  default void epoch(Epoch done) {}

  /**
   * The state of a training after a step.
   *
   * @param epoch from 1
   * @param imageSteps image-steps since the run began
   * @param ofImageSteps the total; an upper limit until the time limit is converted to image-steps
   * @param loss the batch's mean cross entropy
   * @param imagesPerSecond since the process started or resumed the run
   * @param remaining until the last step's end
   */
  record Step(
      int epoch,
      int epochs,
      long imageSteps,
      long ofImageSteps,
      double loss,
      double imagesPerSecond,
      Duration remaining) {}

  /**
   * The state of a training after an epoch.
   *
   * @param entry the epoch's entry in the history
   * @param heldOut the accuracy of the weights that would be the result, after some epochs and the
   *     last
   * @param remaining until the last step's end
   */
  record Epoch(
      TrainingHistory.Epoch entry, int epochs, Optional<Evaluation> heldOut, Duration remaining) {
    public Epoch {
      Objects.requireNonNull(heldOut);
    }

    /** In one line, for a person. */
    public String line() {
      return String.format(
          Locale.ROOT,
          "epoch %d of %d: loss %.3f%s, %.1f images/s, %.1f %% waiting, %d min %02d s left",
          entry.number(),
          epochs,
          entry.loss(),
          heldOut
              .map(e -> String.format(Locale.ROOT, ", held-out top-1 %.1f %%", 100 * e.top1()))
              .orElse(""),
          entry.imagesPerSecond(),
          100 * entry.waiting(),
          remaining.toMinutes(),
          remaining.toSecondsPart());
    }
  }
}
