package io.tagstream.model.training;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Hears how a training gets on, on the thread that trains, and may end it. What it throws ends the
 * training at once; a training of all layers or of the dense ones then still has its last
 * checkpoint.
 */
public interface TrainingProgress {

  /** Hears nothing. */
  TrainingProgress SILENT = new TrainingProgress() {};

  /**
   * Whether the training is to end; asked before each step, and for each image that is read or
   * measured. It then throws {@link CancellationException}. Before a step it leaves a checkpoint of
   * all that was done; while images are measured it goes back to the last one.
   */
  default boolean isCancelled() {
    return false;
  }

  /**
   * Ends what is under way if it is to end.
   *
   * @param what is under way, in words
   * @throws CancellationException when {@link #isCancelled()}
   */
  default void requireGoing(String what) {
    if (isCancelled()) {
      throw new CancellationException("the training was cancelled while " + what);
    }
  }

  /** An image that is left out because it cannot be read; its place is where a user finds it. */
  default void skipped(String place, String reason) {}

  /**
   * A class is left out because it has too few images.
   *
   * @param shortage how many there are and what it needs, in words
   */
  default void waits(ClassSize size, String shortage) {}

  /**
   * The version to be does not know all of its parent's classes.
   *
   * @param labels those that it will not know
   */
  default void loses(List<String> labels) {}

  /** Images are read for the first time: checked, divided and measured. */
  default void read(long images, long of) {}

  /** All images are read. */
  default void start(int classes, int trainingImages, int validationImages, int skipped) {}

  /**
   * Steps are about to begin, or to go on from a checkpoint.
   *
   * @param version the name of the version to be
   * @param recipe the recipe's name
   * @param epoch the epoch under way, from 1
   * @param stepsDone 0 at the beginning
   */
  default void run(String version, String recipe, int epoch, long stepsDone) {}

  /** Features of the frozen layers are computed. */
  default void features(long images, long of, double imagesPerSecond, Duration remaining) {}

  /** A step is done. */
  default void step(Step done) {}

  /** An epoch is done. */
  default void epoch(Epoch done) {}

  /**
   * Where a training is after a step.
   *
   * @param epoch from 1
   * @param imageSteps images shown since the run began, each time counted
   * @param ofImageSteps how many it will be; while the time that is allowed is not yet turned into
   *     a number of them, the most it may be
   * @param loss the batch's mean cross entropy
   * @param imagesPerSecond since the process began or went on with it
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
   * Where a training is after an epoch.
   *
   * @param entry what stays on record of it
   * @param heldOut how the weights that would be the result answer, after some epochs and the last
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
