package io.tagstream.model.store;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The gate's comparison of a candidate with the incumbent on the same held-out images. It is part
 * of {@link ModelMetadata}, whose rules on names and absent values apply.
 *
 * @param reason one line, for a person
 * @param incumbent the version that was live; empty for a store's first version
 * @param b images that only the incumbent predicted correctly
 * @param c images that only the candidate predicted correctly
 * @param p the probability of b or more among the b + c if both were equally good: the exact
 *     one-sided sign test; 1 without an incumbent
 * @param classes the classes with held-out images, in the candidate's class order; written even if
 *     empty, because a reader treats a missing list as an error
 * @param confusion images by true label and by the candidate's prediction, in class order; zeros
 *     are omitted
 * @param heldOut images that both versions predicted
 * @param leftOutAsDuplicates held-out images left out because they look like a training image of
 *     the candidate
 */
public record Verdict(
    Outcome outcome,
    String reason,
    Optional<Incumbent> incumbent,
    Scores candidate,
    int b,
    int c,
    double p,
    @JsonInclude(JsonInclude.Include.ALWAYS) List<ClassFinding> classes,
    @JsonInclude(JsonInclude.Include.ALWAYS) Map<String, Map<String, Integer>> confusion,
    int heldOut,
    int leftOutAsDuplicates) {

  /** The decision about the candidate. */
  public enum Outcome {
    /** The candidate goes live. */
    PROMOTED,
    /** The candidate is worse; the incumbent stays. */
    REJECTED,
    /** The candidate is neither worse nor measurably better; the incumbent stays. */
    NO_GAIN;

    /** In words: {@code promoted}, {@code rejected}, {@code no gain}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * Accuracies, 0 to 1; 0 without images.
   *
   * @param top1 the share of images whose most probable class is the true one
   * @param top5 the share of images whose true class is among the five most probable
   */
  public record Scores(double top1, double top5) {}

  /** The version that was live. */
  public record Incumbent(String version, Scores scores) {
    public Incumbent {
      Objects.requireNonNull(version, "no version");
      Objects.requireNonNull(scores, "no scores");
    }
  }

  /**
   * The comparison on the images of one class.
   *
   * @param heldOut held-out images of the class
   * @param incumbentRight images that the incumbent predicted correctly
   * @param candidateRight images that the candidate predicted correctly
   * @param b images that only the incumbent predicted correctly
   * @param c images that only the candidate predicted correctly
   * @param p the p-value of the sign test on b and c
   * @param worse whether this class alone rejects the candidate
   */
  public record ClassFinding(
      String label,
      int heldOut,
      int incumbentRight,
      int candidateRight,
      int b,
      int c,
      double p,
      boolean worse) {
    public ClassFinding {
      Objects.requireNonNull(label, "no label");
    }
  }

  public Verdict {
    Objects.requireNonNull(outcome, "no outcome");
    Objects.requireNonNull(reason, "no reason");
    Objects.requireNonNull(incumbent);
    Objects.requireNonNull(candidate, "no candidate");
    classes = List.copyOf(Objects.requireNonNull(classes, "no classes"));
    Map<String, Map<String, Integer>> rows = new LinkedHashMap<>();
    Objects.requireNonNull(confusion, "no confusion")
        .forEach(
            (label, row) -> rows.put(label, Collections.unmodifiableMap(new LinkedHashMap<>(row))));
    confusion = Collections.unmodifiableMap(rows);
  }
}
