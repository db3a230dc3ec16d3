package io.tagstream.model.report;

import java.util.Objects;

/**
 * How the candidate compared with the version that was live, on the same held-out images.
 *
 * @param outcome in a word or two: promoted, rejected, no gain
 * @param reason one line
 * @param incumbent the version that was live
 * @param images how many both answered
 * @param incumbentRight of these
 * @param candidateRight of these
 * @param onlyIncumbent b: right only by the incumbent
 * @param onlyCandidate c: right only by the candidate
 * @param p of the exact one-sided sign test on (b, c): the chance of so many more b than c if both
 *     models were equally good
 */
public record GateVerdict(
    String outcome,
    String reason,
    String incumbent,
    int images,
    int incumbentRight,
    int candidateRight,
    int onlyIncumbent,
    int onlyCandidate,
    double p) {

  public GateVerdict {
    Objects.requireNonNull(outcome);
    Objects.requireNonNull(reason);
    Objects.requireNonNull(incumbent);
    if (incumbentRight - onlyIncumbent != candidateRight - onlyCandidate
        || onlyIncumbent < 0
        || onlyCandidate < 0
        || incumbentRight < onlyIncumbent
        || bothRight(incumbentRight, onlyIncumbent) + onlyIncumbent + onlyCandidate > images) {
      throw new IllegalArgumentException(
          "%d and %d of %d right do not go with b = %d, c = %d"
              .formatted(incumbentRight, candidateRight, images, onlyIncumbent, onlyCandidate));
    }
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException("p = " + p);
    }
  }

  int bothRight() {
    return bothRight(incumbentRight, onlyIncumbent);
  }

  int bothWrong() {
    return images - bothRight() - onlyIncumbent - onlyCandidate;
  }

  private static int bothRight(int incumbentRight, int onlyIncumbent) {
    return incumbentRight - onlyIncumbent;
  }
}
