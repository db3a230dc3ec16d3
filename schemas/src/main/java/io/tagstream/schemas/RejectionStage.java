package io.tagstream.schemas;

/** Where a record failed: the words of {@link Rejection#getStage()}. */
public enum RejectionStage {
  /** The value is no Avro record of a known schema, or none of a picture that can be named. */
  AVRO("avro"),
  /** The picture at {@code uri} could not be had. */
  FETCH("fetch"),
  /** The bytes are no picture that can be read whole. */
  DECODE("decode"),
  /** Over image.max-bytes or image.max-pixels. */
  LIMIT("limit"),
  /** The engine gave no probabilities for this picture. */
  INFERENCE("inference"),
  /** A label that cannot be used. */
  LABEL("label");

  private final String word;

  RejectionStage(String word) {
    this.word = word;
  }

  /** As it stands in the record. */
  public String word() {
    return word;
  }
}
