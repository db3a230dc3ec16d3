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
 * The named settings of a training.
 *
 * @param start where the initial weights come from
 * @param pixels the input scaling without a parent's weights; with them the parent's scaling is
 *     kept
 * @param initialisation of the weights that do not come from a parent
 * @param optimizer its learning rate is the highest of the schedule
 * @param schedule of the learning rate
 * @param batchSize images per step
 * @param labelSmoothing the share of each label that is spread over all classes, 0 to 1
 * @param averaging the highest decay of the weights' moving average, which then is the result; if
 *     empty, the last weights are the result
 * @param augmentation the random change of images
 * @param length the number of image-steps
 */
public record Recipe(
    String name,
    Start start,
    InputScaling pixels,
    Initialisation initialisation,
    Optimizer optimizer,
    Schedule schedule,
    int batchSize,
    double labelSmoothing,
    Optional<Double> averaging,
    Augmentation augmentation,
    Length length) {

  /** Where the initial weights come from. */
  public enum Start {
    /** Random, even with a parent, which then determines network and classes only. */
    AFRESH,
    /** The parent's weights. */
    PARENT
  }

  /** The number of image-steps of a training. */
  public sealed interface Length {

    /** Passes over the training images, regardless of the time. */
    record Epochs(int count) implements Length {}

    /** A share of the image-steps in the training's options, reduced to fit its time limit. */
    record ShareOfImageSteps(double share) implements Length {}
  }

  /** The paper's recipe (section 5): on a thousand photos its initial learning rate is too high. */
  public static final Recipe PAPER =
      new Recipe(
          "paper",
          Start.AFRESH,
          InputScaling.CENTRED,
          Initialisation.PAPER,
          new Optimizer.Sgd(0.01, 0.9, 0.0005),
          new Schedule.DividedOnStall(10, 5, 3),
          128,
          0,
          Optional.empty(),
          Augmentation.PAPER,
          new Length.Epochs(90));

  /** Random initial weights, for hundreds or thousands of images. */
  public static final Recipe SMALL_DATA =
      new Recipe(
          "small-data",
          Start.AFRESH,
          InputScaling.STANDARDISED,
          Initialisation.HE,
          new Optimizer.Adam(3e-4),
          new Schedule.WarmUpThenCosine(0.05),
          32,
          0.1,
          Optional.of(0.998),
          Augmentation.STRONG,
          new Length.ShareOfImageSteps(1));

  /** From a parent whose layers are all trained: a lower learning rate for a third of the steps. */
  public static final Recipe FINE_TUNE =
      new Recipe(
          "fine-tune",
          Start.PARENT,
          InputScaling.STANDARDISED,
          Initialisation.HE,
          new Optimizer.Adam(1e-4),
          new Schedule.WarmUpThenCosine(0.05),
          32,
          0.1,
          Optional.of(0.998),
          Augmentation.STRONG,
          new Length.ShareOfImageSteps(1 / 3.0));

  /** The recipes that can be chosen by name. */
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
          "a recipe needs a batch of 1 or more and a label smoothing below 1: %d, %s"
              .formatted(batchSize, labelSmoothing));
    }
  }

  /**
   * Finds a recipe by name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static Recipe named(String name) {
    return ALL.stream()
        .filter(recipe -> recipe.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown recipe %s; the recipes are %s"
                        .formatted(
                            name,
                            ALL.stream().map(Recipe::name).collect(Collectors.joining(", ")))));
  }

  /** The recipe's values by name, for the provenance. */
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
