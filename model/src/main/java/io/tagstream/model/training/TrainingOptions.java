package io.tagstream.model.training;

import io.tagstream.model.network.NetworkDescription;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What is asked of a training.
 *
 * @param recipe how; without one fine-tune where the parent's layers have all learned or some stay
 *     as they are, else small-data
 * @param seed of the initialisation, the order, the crops and the dropout: the same seed and images
 *     give the same weights, bit for bit on one thread
 * @param epochs passes over the training images; without them it is the recipe that says
 * @param imageSteps images that a training from nothing is shown, each time counted
 * @param longest the time its steps may take; what the first ones take tells how many there can be
 * @param minPerClass images that a class needs to be learned; one with fewer waits
 * @param network what to train when there is no parent; the class count becomes that of the images
 * @param parent the version whose network and classes are the start, and with fine-tune the weights
 * @param freezeTo what stays as it is; nothing by default
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

  /** Images that a training from nothing is shown unless something else is asked for. */
  public static final long IMAGE_STEPS = 48_000;

  /** The time its steps may take unless something else is asked for. */
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
          "a training needs image-steps, time and images in a class: %d, %s, %d"
              .formatted(imageSteps, longest, minPerClass));
    }
  }

  /** AlexNet from nothing, by the recipe that fits, on every class that has an image. */
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

  /** With another budget. */
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

  /** Steps over all images at once, where only the last layer trains: they are quick and enough. */
  int lastLayerEpochs() {
    return epochs.orElse(100);
  }

  /** Whether only the last layer trains, on features that are computed once. */
  boolean lastLayerOnly() {
    return freezeTo.equals(Optional.of(FreezeTo.FC7));
  }
}
