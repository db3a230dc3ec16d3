package io.tagstream.job.flow;

import io.tagstream.model.store.Verdict;
import io.tagstream.schemas.ModelStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * An announcement of the job on {@code model-updates}.
 *
 * @param by who caused it
 * @param reason the reason, readable for a person
 * @param judgement null when the gate did not run: a Flink element cannot hold an Optional
 */
public record ModelNews(
    ModelStatus status, String version, String by, String reason, Instant at, Judgement judgement) {

  /**
   * The gate's verdict.
   *
   * @param decision promoted, rejected or no gain
   * @param heldOut the number of images in the held-out set
   * @param top1 the candidate's top-1 accuracy, 0 to 1, like the other scores
   * @param incumbent null for a store's first version, like the incumbent's scores
   * @param b images that only the incumbent predicted correctly
   * @param c images that only the candidate predicted correctly
   * @param p the probability of b or more of the b + c if both were equally good
   * @param confusion the candidate's confusion matrix, most images first
   */
  public record Judgement(
      String decision,
      int heldOut,
      double top1,
      double top5,
      String incumbent,
      Double incumbentTop1,
      Double incumbentTop5,
      int b,
      int c,
      double p,
      List<Confusion> confusion) {

    /** With a thousand classes the whole matrix might exceed the broker's record limit. */
    private static final int MOST_CONFUSIONS = 1000;

    /** Converts the gate's verdict; a large confusion matrix keeps its most frequent cells. */
    public static Judgement of(Verdict verdict) {
      List<Confusion> cells = new ArrayList<>();
      verdict
          .confusion()
          .forEach(
              (label, answers) ->
                  answers.forEach(
                      (answer, images) -> cells.add(new Confusion(label, answer, images))));
      cells.sort(Comparator.comparingInt(Confusion::images).reversed());
      return new Judgement(
          verdict.outcome().word(),
          verdict.heldOut(),
          verdict.candidate().top1(),
          verdict.candidate().top5(),
          verdict.incumbent().map(Verdict.Incumbent::version).orElse(null),
          verdict.incumbent().map(incumbent -> incumbent.scores().top1()).orElse(null),
          verdict.incumbent().map(incumbent -> incumbent.scores().top5()).orElse(null),
          verdict.b(),
          verdict.c(),
          verdict.p(),
          List.copyOf(cells.subList(0, Math.min(cells.size(), MOST_CONFUSIONS))));
    }
  }

  /** A cell of a confusion matrix: the number of images with one label and one prediction. */
  public record Confusion(String label, String answer, int images) {}
}
