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
 * How a candidate did against the version that was live, on the same held-out images. It is part of
 * {@link ModelMetadata}, whose rules on names and absent values hold.
 *
 * @param reason one line, for a person
 * @param incumbent the version that was live; none for a store's first
 * @param b images that only the incumbent got right
 * @param c images that only the candidate got right
 * @param p the chance of b or more of the b + c if both were equally good: the exact one-sided sign
 *     test; 1 without an incumbent
 * @param classes those with held-out images, in the candidate's class order; written even where
 *     there are none, since a reader takes a missing list for a mistake
 * @param confusion images by true label and by the candidate's answer, in class order; what never
 *     happened is left out
 * @param heldOut images that both answered
 * @param leftOutAsDuplicates held-out images that look like one the candidate was trained on
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

  /** What becomes of the candidate. */
  public enum Outcome {
    /** It goes live. */
    PROMOTED,
    /** It is worse, and does not. */
    REJECTED,
    /** It is not worse, but nothing speaks for it either: the incumbent stays. */
    NO_GAIN;

    /** In words: {@code promoted}, {@code rejected}, {@code no gain}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * The share of images, 0 to 1; 0 without any.
   *
   * @param top1 whose most probable class is theirs
   * @param top5 whose class is among the five most probable
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
   * How the two did on the images of one class.
   *
   * @param heldOut images of the class
   * @param incumbentRight those that the incumbent got right
   * @param candidateRight those that the candidate got right
   * @param b those that only the incumbent got right
   * @param c those that only the candidate got right
   * @param p of the sign test on b and c
   * @param worse whether that alone rejects the candidate
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
