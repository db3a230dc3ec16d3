package io.tagstream.model.training;

import java.time.Duration;
import java.util.Optional;

/**
 * How many images a training is shown, each time counted. Where the time is limited, the first
 * steps' rate decides once how many that allows; what was decided is kept with the run, so that a
 * run that is killed and goes on has the same rates at the same steps.
 *
 * @param planned what the recipe asks for
 * @param longest the time that may cut it, until that is decided
 * @param cut what was decided
 */
record Budget(long planned, Optional<Duration> longest, Optional<Cut> cut) {
  /** Of the time: measuring and writing take their part, and the first steps' rate may not last. */
  private static final double SHARE_FOR_STEPS = 0.85;

  /**
   * A decision.
   *
   * @param imageSteps at most the planned ones
   * @param step steps before it; their rates were those of the plan and stay so
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

  /** Whether a rate is wanted. */
  boolean isOpen() {
    return longest.isPresent() && cut.isEmpty();
  }

  /**
   * Decides.
   *
   * @param imagesPerSecond what the first steps reached
   * @param step steps done
   * @param shown images shown in them, below which no decision goes
   */
  Budget atRate(double imagesPerSecond, long step, long shown) {
    double seconds = SHARE_FOR_STEPS * longest.orElseThrow().toMillis() / 1000;
    long imageSteps = Math.max(shown, Math.min(planned, (long) (imagesPerSecond * seconds)));
    return new Budget(planned, longest, Optional.of(new Cut(imageSteps, step)));
  }

  /** As far as it is known. */
  long imageSteps() {
    return cut.map(Cut::imageSteps).orElse(planned);
  }

  /**
   * The steps that a step's learning rate counts with.
   *
   * @param step from 0
   */
  long stepsAt(long step, int batchSize) {
    boolean before = cut.filter(decision -> step >= decision.step()).isEmpty();
    return steps(before ? planned : imageSteps(), batchSize);
  }

  /** Steps of full batches that show all images. */
  long steps(int batchSize) {
    return steps(imageSteps(), batchSize);
  }

  private static long steps(long imageSteps, int batchSize) {
    return (imageSteps + batchSize - 1) / batchSize;
  }
}
