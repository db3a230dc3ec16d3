package io.tagstream.schemas;

/** Why a picture was labelled: the words of {@link Label#getOrigin()}. */
public enum LabelOrigin {
  /** Whoever sent the picture knew. */
  PRODUCER("producer"),
  /** Picked at random, so that accuracy can be estimated without bias. */
  RANDOM("random"),
  /** Picked because the model was in doubt. */
  UNCERTAIN("uncertain"),
  /** Someone saw a wrong tag. */
  CORRECTION("correction");

  private final String word;

  LabelOrigin(String word) {
    this.word = word;
  }

  /** As it stands in the record. */
  public String word() {
    return word;
  }
}
