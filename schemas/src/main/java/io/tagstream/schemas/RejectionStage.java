package io.tagstream.schemas;

/** Where a record failed: the values of {@link Rejection#getStage()}. */
public enum RejectionStage {
  /** The value is not an Avro record of a known schema, or its id is not allowed. */
  AVRO("avro"),
  /** The record names a {@code uri}, which is not fetched, or the file of it cannot be read. */
  FETCH("fetch"),
  /** The bytes cannot be decoded completely, or the process ended twice while it decoded them. */
  DECODE("decode"),
  /** The image exceeds one of the {@code image.*} settings. */
  LIMIT("limit"),
  /**
   * The engine computed no probabilities for the image, or the process ended twice while it
   * computed the image alone.
   */
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
