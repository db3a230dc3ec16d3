package io.tagstream.model.training;

import io.tagstream.model.network.NetworkDescription;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * The options of a training.
 *
 * @param recipe by default fine-tune if all of the parent's layers are trained or some are frozen,
 *     else small-data
 * @param seed of the initialisation, the order, the crops and the dropout: equal seeds and images
 *     give equal weights, bit for bit on one thread
 * @param epochs passes over the training images; by default the recipe's length applies
 * @param imageSteps the image-steps of a training from random weights
 * @param longest the time limit of the steps; the rate of the first steps decides how many fit
 * @param minPerClass images that a new class needs; a class with fewer waits
 * @param network the network to train without a parent; its number of classes is replaced by that
 *     of the images
 * @param parent the version whose network and classes are used, and with fine-tune its weights
 * @param freezeTo the layers that are not trained; by default none
 */
public record TrainingOptions(
    Optional<Recipe> recipe,
    long seed,
    Optional<Integer> epochs,
    long imageSteps,
    Duration longest,
    int minPerClass,
    NetworkDescription network,
    Optional<String> parent,
    Optional<FreezeTo> freezeTo) {

  /** The default image-steps of a training from random weights. */
  public static final long IMAGE_STEPS = 48_000;

  /** The default time limit of the steps. */
  public static final Duration LONGEST = Duration.ofMinutes(20);

  public TrainingOptions {
    Objects.requireNonNull(recipe);
    Objects.requireNonNull(longest);
    Objects.requireNonNull(network);
    Objects.requireNonNull(parent);
    Objects.requireNonNull(freezeTo);
    if (epochs.filter(number -> number < 1).isPresent()) {
      throw new IllegalArgumentException("a training needs 1 epoch or more: " + epochs.get());
    }
    if (imageSteps < 1 || minPerClass < 1 || longest.isNegative() || longest.isZero()) {
      throw new IllegalArgumentException(
          "image-steps, time and images per class must be above 0: %d, %s, %d"
              .formatted(imageSteps, longest, minPerClass));
    }
  }

  /** AlexNet from random weights, by the recipe that fits, on every class that has an image. */
  public static TrainingOptions defaults(long seed) {
    return new TrainingOptions(
        Optional.empty(),
        seed,
        Optional.empty(),
        IMAGE_STEPS,
        LONGEST,
        1,
        NetworkDescription.alexNet(1),
        Optional.empty(),
        Optional.empty());
  }

  public TrainingOptions withRecipe(Recipe asked) {
    return new TrainingOptions(
        Optional.of(asked),
        seed,
        epochs,
        imageSteps,
        longest,
        minPerClass,
        network,
        parent,
        freezeTo);
  }

  public TrainingOptions withEpochs(int number) {
    return new TrainingOptions(
        recipe,
        seed,
        Optional.of(number),
        imageSteps,
        longest,
        minPerClass,
        network,
        parent,
        freezeTo);
  }

  public TrainingOptions withParent(String version) {
    return new TrainingOptions(
        recipe,
        seed,
        epochs,
        imageSteps,
        longest,
        minPerClass,
        network,
        Optional.of(version),
        freezeTo);
  }

  public TrainingOptions withFreezeTo(FreezeTo layer) {
    return new TrainingOptions(
        recipe,
        seed,
        epochs,
        imageSteps,
        longest,
        minPerClass,
        network,
        parent,
        Optional.of(layer));
  }

  /** The same options with another budget. */
  public TrainingOptions within(long images, Duration time) {
    return new TrainingOptions(
        recipe, seed, epochs, images, time, minPerClass, network, parent, freezeTo);
  }

  public TrainingOptions withMinPerClass(int images) {
    return new TrainingOptions(
        recipe, seed, epochs, imageSteps, longest, images, network, parent, freezeTo);
  }

  public TrainingOptions withNetwork(NetworkDescription other) {
    return new TrainingOptions(
        recipe, seed, epochs, imageSteps, longest, minPerClass, other, parent, freezeTo);
  }

  /**
   * Steps over all images at once for training only the last layer; they are fast and sufficient.
   */
  int lastLayerEpochs() {
    return epochs.orElse(100);
  }

  /** Whether only the last layer trains, on features that are computed once. */
  boolean lastLayerOnly() {
    return freezeTo.equals(Optional.of(FreezeTo.FC7));
  }
}
