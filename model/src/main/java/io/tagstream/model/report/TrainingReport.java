package io.tagstream.model.report;

import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The content of a training's report, rendered by {@link ReportPage}.
 *
 * @param version the bundle's
 * @param parent the version that it was trained from
 * @param labels in class order
 * @param history one entry per epoch, in order; may be empty
 * @param heldOut the model's predictions for held-out images; may be empty
 * @param training its predictions for training images; empty if they were not measured
 * @param verdict the gate's verdict; empty if no gate compared the version
 * @param weights the trained weights; the first convolution is shown
 * @param preprocessing the preprocessing of the images
 */
public record TrainingReport(
    String version,
    Optional<String> parent,
    Run run,
    List<String> labels,
    List<Epoch> history,
    List<LabelledPrediction> heldOut,
    List<LabelledPrediction> training,
    Optional<Verdict> verdict,
    Weights weights,
    Preprocessing preprocessing) {

  public TrainingReport {
    Objects.requireNonNull(version);
    Objects.requireNonNull(parent);
    Objects.requireNonNull(run);
    Objects.requireNonNull(verdict);
    Objects.requireNonNull(weights);
    Objects.requireNonNull(preprocessing);
    labels = List.copyOf(labels);
    history = List.copyOf(history);
    heldOut = List.copyOf(heldOut);
    training = List.copyOf(training);
    int classes = labels.size();
    Stream.concat(heldOut.stream(), training.stream())
        .filter(prediction -> prediction.classes() > classes)
        .findFirst()
        .ifPresent(
            prediction -> {
              throw new IllegalArgumentException(
                  "%s: a prediction of %d classes or more, but there are %d labels"
                      .formatted(prediction.id(), prediction.classes(), classes));
            });
  }

  /**
   * How the training was done.
   *
   * @param recipe its name
   * @param hyperParameters the recipe's values as they were used, by name
   * @param data the collection that it was trained on
   * @param trainingImages the number of training images
   * @param time from the start to the last measurement, without interruptions
   * @param machine processor and libraries, in one line
   */
  public record Run(
      String recipe,
      Map<String, String> hyperParameters,
      String data,
      int trainingImages,
      Instant started,
      Duration time,
      String machine,
      LeftOut leftOut) {

    public Run {
      Objects.requireNonNull(recipe);
      Objects.requireNonNull(data);
      Objects.requireNonNull(started);
      Objects.requireNonNull(time);
      Objects.requireNonNull(machine);
      Objects.requireNonNull(leftOut);
      hyperParameters = Collections.unmodifiableMap(new TreeMap<>(hyperParameters));
    }
  }

  /**
   * What the training left out of the data set.
   *
   * @param unreadable files that are not readable images
   * @param waitingClasses classes with too few images so far, with the number of each
   * @param nearDuplicates held-out images that were not measured because they are nearly identical
   *     to a training image
   */
  public record LeftOut(
      List<Unreadable> unreadable, Map<String, Integer> waitingClasses, int nearDuplicates) {

    public LeftOut {
      unreadable = List.copyOf(unreadable);
      waitingClasses = Collections.unmodifiableMap(new TreeMap<>(waitingClasses));
      if (nearDuplicates < 0) {
        throw new IllegalArgumentException(nearDuplicates + " near duplicates");
      }
    }
  }

  /** A file that is not a readable image, and the reason. */
  public record Unreadable(String id, String reason) {
    public Unreadable {
      Objects.requireNonNull(id);
      Objects.requireNonNull(reason);
    }
  }
}
