package io.tagstream.job.flow;

/**
 * What the retraining hears of labels; an element holds no Optional.
 *
 * @param answer on an image whose label is known; null in a count
 * @param waiting how many labels wait for their image; of no meaning in an answer
 */
public record LabelSignal(LabelledAnswer answer, long waiting) {

  /** A model has answered. */
  public static LabelSignal answered(LabelledAnswer answer) {
    return new LabelSignal(answer, 0);
  }

  /** So many labels wait. */
  public static LabelSignal waiting(long labels) {
    return new LabelSignal(null, labels);
  }
}
