package io.tagstream.schemas;

/** What happened to a model: the values of {@link ModelUpdate#getStatus()}. */
public enum ModelStatus {
  /** A training was requested. */
  REQUESTED("requested"),
  /** A training produced a version that is not live yet. */
  CANDIDATE("candidate"),
  /** The version was made live. */
  PROMOTED("promoted"),
  /** The gate rejected the candidate; it does not become live. */
  REJECTED("rejected"),
  /** The version became live again, in place of a later one. */
  ROLLED_BACK("rolled-back");

  private final String word;

  ModelStatus(String word) {
    this.word = word;
  }

  /** The value in the record. */
  public String word() {
    return word;
  }
}
