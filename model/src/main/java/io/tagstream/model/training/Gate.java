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
 * Decides whether a candidate takes the place of the incumbent, by a paired test on the same
 * held-out images. Only the images on which one of the two alone is right tell them apart; if both
 * were equally good, each of these would fall to either side like a coin (McNemar's test, in its
 * exact one-sided form).
 *
 * <p>The test on all images rejects an equally good candidate with a probability of at most 0.05,
 * the tests per class together with another 0.05 at most: the sum is the promise, 0.1.
 *
 * @param incumbent the version that is live; none for a store's first, which nothing rejects
 * @param labels the candidate's, in class order
 * @param images how many images the candidate was trained on
 * @param minHeldOut held-out images without which nothing takes the incumbent's place
 */
public record Gate(
    Optional<Incumbent> incumbent, List<String> labels, long images, int minHeldOut) {
  static final double LEVEL = 0.05;

  /** Held-out images of a class from which on it has a test of its own. */
  static final int PER_CLASS_FROM = 20;

  private static final double GROWTH = 1.2;

  /** Of the classes that are lost: of a thousand, the first say whose they were. */
  private static final int MOST_NAMED = 20;

  /**
   * The version that is live.
   *
   * @param labels in class order
   * @param images how many it was trained on, where that is known
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
      throw new IllegalArgumentException("no images decide nothing: " + minHeldOut);
    }
  }

  /**
   * Judges.
   *
   * @param answers one a held-out image; without any the scores are 0
   * @param leftOutAsDuplicates held-out images that are not among them, because they look like one
   *     that the candidate was trained on
   * @throws IllegalArgumentException when one is about a class the candidate lacks
   */
  public Verdict judge(List<PairedAnswer> answers, int leftOutAsDuplicates) {
    Map<String, Count> counts = new LinkedHashMap<>();
    labels.forEach(label -> counts.put(label, new Count()));
    for (PairedAnswer answer : answers) {
      Count count = counts.get(answer.trueClass());
      if (count == null) {
        throw new IllegalArgumentException(
            "the candidate has no class " + answer.trueClass() + ": " + labels);
      }
      count.add(answer);
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
          "only %d held-out images are left beside %d duplicates of training images: too few to judge, %d are needed"
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
    ClassFinding commonest = commonest(classes);
    if (all.candidateRight <= commonest.heldOut()) {
      return new Decision(
          Outcome.REJECTED,
          "right on %d of %d held-out images, no better than always saying %s (%d)"
              .formatted(all.candidateRight, all.images, commonest.label(), commonest.heldOut()));
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
   * It is for a person to know, whatever is decided: nobody measures what is not there any more.
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

  /** Whether so many more b than c are no accident. */
  static boolean worse(int b, int c, double level) {
    return b > c && signTest(b, c) <= level;
  }

  /** The level of a class's own test: all of them together keep {@link #LEVEL}. */
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

  private static ClassFinding commonest(List<ClassFinding> classes) {
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
                answer ->
                    Optional.ofNullable(count.answers.get(answer))
                        .ifPresent(images -> row.put(answer, images)));
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
    final Map<String, Integer> answers = new TreeMap<>();

    void add(PairedAnswer answer) {
      boolean incumbentIsRight = answer.incumbentIsRight();
      boolean candidateIsRight = answer.candidateIsRight();
      images++;
      incumbentRight += incumbentIsRight ? 1 : 0;
      candidateRight += candidateIsRight ? 1 : 0;
      incumbentInFive += answer.incumbent().contains(answer.trueClass()) ? 1 : 0;
      candidateInFive += answer.candidate().contains(answer.trueClass()) ? 1 : 0;
      b += incumbentIsRight && !candidateIsRight ? 1 : 0;
      c += candidateIsRight && !incumbentIsRight ? 1 : 0;
      answers.merge(answer.candidate().get(0), 1, Integer::sum);
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
