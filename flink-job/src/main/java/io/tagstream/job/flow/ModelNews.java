package io.tagstream.job.flow;

import io.tagstream.model.store.Verdict;
import io.tagstream.schemas.ModelStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What the job says on {@code model-updates}.
 *
 * @param by who did it
 * @param reason why, for a person
 * @param judgement null where there was none: an element holds no Optional
 */
public record ModelNews(
    ModelStatus status, String version, String by, String reason, Instant at, Judgement judgement) {

  /**
   * The gate's verdict.
   *
   * @param decision promoted, rejected or no gain
   * @param heldOut images that it is about
   * @param top1 the candidate's, 0 to 1, as are the others
   * @param incumbent null for a store's first version, as are the incumbent's scores
   * @param b images that only the incumbent got right
   * @param c images that only the candidate got right
   * @param p the chance of b or more of the b + c if both were equally good
   * @param confusion the candidate's, most images first
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

    /** Of a store with a thousand classes all of it might be larger than a broker takes. */
    private static final int MOST_CONFUSIONS = 1000;

    /** What the gate said, of a large confusion matrix the most frequent answers. */
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

  /** Images of one class that got one answer. */
  public record Confusion(String label, String answer, int images) {}
}
