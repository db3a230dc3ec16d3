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
 * What a training has to say for itself: all that {@link ReportPage} shows.
 *
 * @param version the bundle's
 * @param parent the version it was trained from
 * @param labels in class order
 * @param history one entry an epoch, in order; may be empty
 * @param heldOut the model's answers on images that never trained; may be empty
 * @param training its answers on images it learned from; empty where they were not measured
 * @param verdict of the gate, where the version went through one
 * @param weights the trained ones, of which the first convolution is shown
 * @param preprocessing what the pictures go through before the network
 */
public record TrainingReport(
    String version,
    Optional<String> parent,
    Run run,
    List<String> labels,
    List<Epoch> history,
    List<Answer> heldOut,
    List<Answer> training,
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
        .filter(answer -> answer.classes() > classes)
        .findFirst()
        .ifPresent(
            answer -> {
              throw new IllegalArgumentException(
                  "%s: an answer of %d classes or more, there are %d labels"
                      .formatted(answer.id(), answer.classes(), classes));
            });
  }

  /**
   * How the training was done.
   *
   * @param recipe its name
   * @param hyperParameters the recipe's numbers as they were used, by name
   * @param data the snapshot of the data it was trained on
   * @param trainingImages how many images it learned from
   * @param time from start to the last measurement, stops left out
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
   * What the data set holds and the training did not use.
   *
   * @param unreadable files that are no picture
   * @param waitingClasses classes with too few images so far, and how many each has
   * @param nearDuplicates held-out images that are nearly a training image, and so not measured
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

  /** A file that is no picture, and why. */
  public record Unreadable(String id, String reason) {
    public Unreadable {
      Objects.requireNonNull(id);
      Objects.requireNonNull(reason);
    }
  }
}
