package io.tagstream.schemas;

/** Why an image was labelled: the values of {@link Label#getOrigin()}. */
public enum LabelOrigin {
  /** The producer of the image knew its label. */
  PRODUCER("producer"),
  /** The image was drawn at random, for an unbiased estimate of accuracy. */
  RANDOM("random"),
  /** The image was chosen because the model was uncertain. */
  UNCERTAIN("uncertain"),
  /** A person corrected a wrong prediction. */
  CORRECTION("correction");

  private final String word;

  LabelOrigin(String word) {
    this.word = word;
  }

  /** The value in the record. */
  public String word() {
    return word;
  }
}
