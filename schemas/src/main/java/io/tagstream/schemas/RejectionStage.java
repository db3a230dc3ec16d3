package io.tagstream.schemas;

/** Where a record failed: the values of {@link Rejection#getStage()}. */
public enum RejectionStage {
  /** The value is not an Avro record of a known schema, or its id is not allowed. */
  AVRO("avro"),
  /** The image at {@code uri} could not be fetched. */
  FETCH("fetch"),
  /** The bytes are not an image that can be decoded completely. */
  DECODE("decode"),
  /** The image exceeds one of the {@code image.*} settings. */
  LIMIT("limit"),
  /** The engine computed no probabilities for the image. */
  INFERENCE("inference"),
  /** A label that cannot be used. */
  LABEL("label");

  private final String word;

  RejectionStage(String word) {
    this.word = word;
  }

  /** The value in the record. */
  public String word() {
    return word;
  }
}
