package io.tagstream.model.training;

import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.network.Initialisation;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A way to train, as data.
 *
 * @param start where the first weights come from
 * @param pixels into a network that begins afresh; one that goes on keeps its parent's
 * @param initialisation of the weights that do not come from a parent
 * @param optimizer with the highest rate
 * @param schedule of the rate
 * @param batchSize images a step
 * @param labelSmoothing the share of each label that is spread over all classes, 0 to 1
 * @param averaging the highest decay of the weights' moving average, which then is the result;
 *     empty when the last weights are
 * @param augmentation how pictures change each time they are shown
 * @param length how many images it is shown
 */
public record Recipe(
    String name,
    Start start,
    Pixels pixels,
    Initialisation initialisation,
    Optimizer optimizer,
    Schedule schedule,
    int batchSize,
    double labelSmoothing,
    Optional<Double> averaging,
    Augmentation augmentation,
    Length length) {

  /** Where the first weights come from. */
  public enum Start {
    /** They are drawn, even where there is a parent, which then gives network and classes only. */
    AFRESH,
    /** They are the parent's. */
    PARENT
  }

  /** How many images a training is shown. */
  public sealed interface Length {

    /** Passes over the training images, however long they take. */
    record Epochs(int count) implements Length {}

    /** A share of the image-steps that a training has by its options, cut to the minutes it has. */
    record ShareOfImageSteps(double share) implements Length {}
  }

  /** The paper's own (section 5): on a thousand photos its rate is too high to begin. */
  public static final Recipe PAPER =
      new Recipe(
          "paper",
          Start.AFRESH,
          Pixels.CENTRED,
          Initialisation.PAPER,
          new Optimizer.Sgd(0.01, 0.9, 0.0005),
          new Schedule.DividedOnStall(10, 5, 3),
          128,
          0,
          Optional.empty(),
          Augmentation.PAPER,
          new Length.Epochs(90));

  /** From nothing on hundreds or thousands of images. */
  public static final Recipe SMALL_DATA =
      new Recipe(
          "small-data",
          Start.AFRESH,
          Pixels.STANDARDISED,
          Initialisation.HE,
          new Optimizer.Adam(3e-4),
          new Schedule.WarmUpThenCosine(0.05),
          32,
          0.1,
          Optional.of(0.998),
          Augmentation.STRONG,
          new Length.ShareOfImageSteps(1));

  /** From a parent all of whose layers have learned: a lower rate for a third of the steps. */
  public static final Recipe FINE_TUNE =
      new Recipe(
          "fine-tune",
          Start.PARENT,
          Pixels.STANDARDISED,
          Initialisation.HE,
          new Optimizer.Adam(1e-4),
          new Schedule.WarmUpThenCosine(0.05),
          32,
          0.1,
          Optional.of(0.998),
          Augmentation.STRONG,
          new Length.ShareOfImageSteps(1 / 3.0));

  /** Those that can be asked for by name. */
  public static final List<Recipe> ALL = List.of(PAPER, SMALL_DATA, FINE_TUNE);

  public Recipe {
    Objects.requireNonNull(name);
    Objects.requireNonNull(start);
    Objects.requireNonNull(pixels);
    Objects.requireNonNull(initialisation);
    Objects.requireNonNull(optimizer);
    Objects.requireNonNull(schedule);
    Objects.requireNonNull(averaging);
    Objects.requireNonNull(augmentation);
    Objects.requireNonNull(length);
    if (batchSize < 1 || !(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new IllegalArgumentException(
          "a recipe needs a batch of 1 or more and a smoothing below 1: %d, %s"
              .formatted(batchSize, labelSmoothing));
    }
  }

  /**
   * The recipe of a name.
   *
   * @throws IllegalArgumentException when there is none; the message lists those there are
   */
  public static Recipe named(String name) {
    return ALL.stream()
        .filter(recipe -> recipe.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no recipe is called %s; there are %s"
                        .formatted(
                            name,
                            ALL.stream().map(Recipe::name).collect(Collectors.joining(", ")))));
  }

  /** For the provenance: the numbers by name. */
  Map<String, String> hyperParameters() {
    Map<String, String> parameters = new TreeMap<>();
    if (start == Start.AFRESH) {
      parameters.put("pixels", pixels.toString().toLowerCase(Locale.ROOT));
    }
    parameters.put("initialisation", initialisation.toString().toLowerCase(Locale.ROOT));
    parameters.put("optimizer", optimizer.toString());
    parameters.put("schedule", schedule.toString());
    parameters.put("augmentation", augmentation.toString());
    parameters.put("batchSize", Integer.toString(batchSize));
    parameters.put("labelSmoothing", Double.toString(labelSmoothing));
    averaging.ifPresent(
        decay -> parameters.put("averaging", "min(%s, (1+t)/(10+t))".formatted(decay)));
    return parameters;
  }
}
