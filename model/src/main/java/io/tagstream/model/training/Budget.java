package io.tagstream.model.training;

import java.time.Duration;
import java.util.Optional;

/**
 * The number of image-steps of a training: images processed, counted in each epoch. If the time is
 * limited, the rate of the first steps decides once how many image-steps fit; the decision is
 * stored with the run, so that a killed and resumed run has the same learning rates at the same
 * steps.
 *
 * @param planned the image-steps of the recipe
 * @param longest the time limit, until the cut is decided
 * @param cut the decision
 */
record Budget(long planned, Optional<Duration> longest, Optional<Cut> cut) {
  /**
   * The share of the time for steps: measuring and writing take the rest, and later steps may be
   * slower than the first.
   */
  private static final double SHARE_FOR_STEPS = 0.85;

  /**
   * A reduction of the planned image-steps.
   *
   * @param imageSteps the reduced number, at most the planned one
   * @param step steps before the decision; they keep the learning rates of the plan
   */
  record Cut(long imageSteps, long step) {}

  static Budget of(Recipe recipe, TrainingOptions options, int trainingImages) {
    if (options.epochs().isPresent()) {
      return fixed((long) options.epochs().get() * trainingImages);
    }
    if (recipe.length() instanceof Recipe.Length.Epochs epochs) {
      return fixed((long) epochs.count() * trainingImages);
    }
    double share = ((Recipe.Length.ShareOfImageSteps) recipe.length()).share();
    return new Budget(
        Math.max(1, Math.round(share * options.imageSteps())),
        Optional.of(options.longest()),
        Optional.empty());
  }

  private static Budget fixed(long imageSteps) {
    return new Budget(imageSteps, Optional.empty(), Optional.empty());
  }

  /** Whether the decision is still open and needs the rate of the first steps. */
  boolean isOpen() {
    return longest.isPresent() && cut.isEmpty();
  }

  /**
   * Decides on the cut.
   *
   * @param imagesPerSecond the rate of the first steps
   * @param step steps done
   * @param shown image-steps done, the lower limit of the decision
   */
  Budget atRate(double imagesPerSecond, long step, long shown) {
    double seconds = SHARE_FOR_STEPS * longest.orElseThrow().toMillis() / 1000;
    long imageSteps = Math.max(shown, Math.min(planned, (long) (imagesPerSecond * seconds)));
    return new Budget(planned, longest, Optional.of(new Cut(imageSteps, step)));
  }

  /** The image-steps as far as decided. */
  long imageSteps() {
    return cut.map(Cut::imageSteps).orElse(planned);
  }

  /**
   * The total number of steps from which the learning rate of a step is computed.
   *
   * @param step from 0
   */
  long stepsAt(long step, int batchSize) {
    boolean before = cut.filter(decision -> step >= decision.step()).isEmpty();
    return steps(before ? planned : imageSteps(), batchSize);
  }

  /** The number of steps, in full batches, for all image-steps. */
  long steps(int batchSize) {
    return steps(imageSteps(), batchSize);
  }

  private static long steps(long imageSteps, int batchSize) {
    return (imageSteps + batchSize - 1) / batchSize;
  }
}
