package io.tagstream.model.training;

import io.tagstream.model.store.Verdict;
import io.tagstream.model.store.Verdict.ClassFinding;
import io.tagstream.model.store.Verdict.Outcome;
import io.tagstream.model.store.Verdict.Scores;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Decides whether a candidate replaces the incumbent, by a paired test on the same held-out images.
 * Only the images that exactly one of the two predicts correctly distinguish them; if both were
 * equally good, each of these would favour either side with probability 1/2 (McNemar's test, in its
 * exact one-sided form).
 *
 * <p>The test on all images rejects an equally good candidate with a probability of at most 0.05,
 * the tests per class together with at most another 0.05: at most 0.1 in total.
 *
 * @param incumbent the version that is live; empty for a store's first version, which is never
 *     rejected
 * @param labels the candidate's, in class order
 * @param images the number of images that the candidate was trained on
 * @param minHeldOut held-out images below which the incumbent is not replaced
 */
public record Gate(
    Optional<Incumbent> incumbent, List<String> labels, long images, int minHeldOut) {
  static final double LEVEL = 0.05;

  /** The number of held-out images from which a class has a separate test. */
  static final int PER_CLASS_FROM = 20;

  private static final double GROWTH = 1.2;

  /** The most lost classes that are named. */
  private static final int MOST_NAMED = 20;

  /**
   * The version that is live.
   *
   * @param labels in class order
   * @param images the number of images that it was trained on, if known
   */
  public record Incumbent(String version, List<String> labels, Optional<Long> images) {
    public Incumbent {
      Objects.requireNonNull(version);
      Objects.requireNonNull(images);
      labels = List.copyOf(labels);
    }
  }

  public Gate {
    Objects.requireNonNull(incumbent);
    labels = List.copyOf(labels);
    if (minHeldOut < 1) {
      throw new IllegalArgumentException("a gate needs at least one held-out image: " + minHeldOut);
    }
  }

  /**
   * Compares the candidate with the incumbent.
   *
   * @param predictions one per held-out image; without any the scores are 0
   * @param leftOutAsDuplicates held-out images that were left out because they look like a training
   *     image of the candidate
   * @throws IllegalArgumentException if the candidate lacks the class of an image
   */
  public Verdict judge(List<PairedPrediction> predictions, int leftOutAsDuplicates) {
    Map<String, Count> counts = new LinkedHashMap<>();
    labels.forEach(label -> counts.put(label, new Count()));
    for (PairedPrediction prediction : predictions) {
      Count count = counts.get(prediction.trueClass());
      if (count == null) {
        throw new IllegalArgumentException(
            "the candidate has no class " + prediction.trueClass() + ": " + labels);
      }
      count.add(prediction);
    }
    Count all = new Count();
    counts.values().forEach(all::add);
    List<ClassFinding> classes = findings(counts);
    Decision decision = decide(all, classes, leftOutAsDuplicates);
    return new Verdict(
        decision.outcome(),
        decision.reason() + lost(),
        incumbent.map(
            live ->
                new Verdict.Incumbent(
                    live.version(),
                    new Scores(
                        share(all.incumbentRight, all.images),
                        share(all.incumbentInFive, all.images)))),
        new Scores(share(all.candidateRight, all.images), share(all.candidateInFive, all.images)),
        all.b,
        all.c,
        signTest(all.b, all.c),
        classes,
        confusion(counts),
        all.images,
        leftOutAsDuplicates);
  }

  private record Decision(Outcome outcome, String reason) {}

  private Decision decide(Count all, List<ClassFinding> classes, int leftOut) {
    if (incumbent.isEmpty()) {
      return new Decision(Outcome.PROMOTED, "the store's first version");
    }
    if (all.images < minHeldOut) {
      return new Decision(
          Outcome.NO_GAIN,
          "only %d held-out images are left besides %d duplicates of training images: too few to judge, %d are needed"
              .formatted(all.images, leftOut, minHeldOut));
    }
    Incumbent live = incumbent.get();
    String onImages =
        "on %d held-out images: %d right only by %s, %d only by the candidate"
            .formatted(all.images, all.b, live.version(), all.c);
    if (worse(all.b, all.c, LEVEL)) {
      return new Decision(
          Outcome.REJECTED, "worse %s, p = %s".formatted(onImages, text(signTest(all.b, all.c))));
    }
    String worseClasses =
        classes.stream()
            .filter(ClassFinding::worse)
            .map(
                finding ->
                    "%s (%d held-out images: %d right only by %s, %d only by the candidate, p = %s)"
                        .formatted(
                            finding.label(),
                            finding.heldOut(),
                            finding.b(),
                            live.version(),
                            finding.c(),
                            text(finding.p())))
            .collect(Collectors.joining(", "));
    if (!worseClasses.isEmpty()) {
      return new Decision(Outcome.REJECTED, "worse in " + worseClasses);
    }
    ClassFinding mostFrequent = mostFrequent(classes);
    if (all.candidateRight <= mostFrequent.heldOut()) {
      return new Decision(
          Outcome.REJECTED,
          "right on %d of %d held-out images, no better than always predicting %s (%d)"
              .formatted(
                  all.candidateRight, all.images, mostFrequent.label(), mostFrequent.heldOut()));
    }
    if (all.c > all.b) {
      return new Decision(Outcome.PROMOTED, "better " + onImages);
    }
    List<String> added = new ArrayList<>(labels);
    added.removeAll(live.labels());
    if (!added.isEmpty()) {
      return new Decision(
          Outcome.PROMOTED, "new: %s; no worse %s".formatted(String.join(", ", added), onImages));
    }
    Optional<Long> before = live.images().filter(count -> images >= GROWTH * count);
    return before
        .map(
            count ->
                new Decision(
                    Outcome.PROMOTED,
                    "trained on %d images instead of %d; no worse %s"
                        .formatted(images, count, onImages)))
        .orElseGet(() -> new Decision(Outcome.NO_GAIN, "no gain " + onImages));
  }

  /**
   * The lost classes, reported with every decision: no measurement covers a class that the
   * candidate lacks.
   */
  private String lost() {
    List<String> lost = new ArrayList<>(incumbent.map(Incumbent::labels).orElse(List.of()));
    lost.removeAll(labels);
    if (lost.isEmpty()) {
      return "";
    }
    String more =
        lost.size() > MOST_NAMED ? " and %d more".formatted(lost.size() - MOST_NAMED) : "";
    return "; lost: " + lost.stream().limit(MOST_NAMED).collect(Collectors.joining(", ")) + more;
  }

  /** Whether b exceeds c significantly at {@code level}. */
  static boolean worse(int b, int c, double level) {
    return b > c && signTest(b, c) <= level;
  }

  /** The level of each class's test, so that all of them together keep {@link #LEVEL}. */
  static double perClassLevel(int classes) {
    return LEVEL / classes;
  }

  private static double signTest(int b, int c) {
    return new Binomial(b + c, 0.5).atLeast(b);
  }

  private List<ClassFinding> findings(Map<String, Count> counts) {
    List<ClassFinding> findings = new ArrayList<>();
    counts.forEach(
        (label, count) -> {
          if (count.images > 0) {
            findings.add(
                new ClassFinding(
                    label,
                    count.images,
                    count.incumbentRight,
                    count.candidateRight,
                    count.b,
                    count.c,
                    signTest(count.b, count.c),
                    incumbent.isPresent()
                        && count.images >= PER_CLASS_FROM
                        && worse(count.b, count.c, perClassLevel(labels.size()))));
          }
        });
    return findings;
  }

  private static ClassFinding mostFrequent(List<ClassFinding> classes) {
    ClassFinding most = classes.get(0);
    for (ClassFinding finding : classes) {
      if (finding.heldOut() > most.heldOut()) {
        most = finding;
      }
    }
    return most;
  }

  private Map<String, Map<String, Integer>> confusion(Map<String, Count> counts) {
    Map<String, Map<String, Integer>> confusion = new LinkedHashMap<>();
    counts.forEach(
        (label, count) -> {
          if (count.images > 0) {
            Map<String, Integer> row = new LinkedHashMap<>();
            labels.forEach(
                prediction ->
                    Optional.ofNullable(count.predictions.get(prediction))
                        .ifPresent(images -> row.put(prediction, images)));
            confusion.put(label, row);
          }
        });
    return confusion;
  }

  private static double share(int part, int all) {
    return all == 0 ? 0 : (double) part / all;
  }

  private static String text(double p) {
    return String.format(Locale.ROOT, p < 0.001 ? "%.1e" : "%.3f", p);
  }

  private static final class Count {
    int images;
    int incumbentRight;
    int incumbentInFive;
    int candidateRight;
    int candidateInFive;
    int b;
    int c;
    final Map<String, Integer> predictions = new TreeMap<>();

    void add(PairedPrediction prediction) {
      boolean incumbentIsRight = prediction.incumbentIsRight();
      boolean candidateIsRight = prediction.candidateIsRight();
      images++;
      incumbentRight += incumbentIsRight ? 1 : 0;
      candidateRight += candidateIsRight ? 1 : 0;
      incumbentInFive += prediction.incumbent().contains(prediction.trueClass()) ? 1 : 0;
      candidateInFive += prediction.candidate().contains(prediction.trueClass()) ? 1 : 0;
      b += incumbentIsRight && !candidateIsRight ? 1 : 0;
      c += candidateIsRight && !incumbentIsRight ? 1 : 0;
      predictions.merge(prediction.candidate().get(0), 1, Integer::sum);
    }

    void add(Count other) {
      images += other.images;
      incumbentRight += other.incumbentRight;
      incumbentInFive += other.incumbentInFive;
      candidateRight += other.candidateRight;
      candidateInFive += other.candidateInFive;
      b += other.b;
      c += other.c;
    }
  }
}
