package io.tagstream.job.flow;

/**
 * Input of the retrain operator about labels: either a prediction of a labelled image or a count. A
 * Flink element cannot hold an Optional.
 *
 * @param answer the prediction of an image whose label is known; null in a count
 * @param waiting the number of labels that wait for their image; meaningless unless this is a count
 */
public record LabelSignal(LabelledAnswer answer, long waiting) {

  /** A model predicted a labelled image. */
  public static LabelSignal answered(LabelledAnswer answer) {
    return new LabelSignal(answer, 0);
  }

  /** A count of the waiting labels. */
  public static LabelSignal waiting(long labels) {
    return new LabelSignal(null, labels);
  }
}
