package io.tagstream.schemas;

/** What happened to a model: the words of {@link ModelUpdate#getStatus()}. */
public enum ModelStatus {
  /** A training was asked for. */
  REQUESTED("requested"),
  /** A training made a version that is not live yet. */
  CANDIDATE("candidate"),
  /** The version was made live. */
  PROMOTED("promoted"),
  /** The candidate will not be made live. */
  REJECTED("rejected"),
  /** The version was made live again, in place of a later one. */
  ROLLED_BACK("rolled-back");

  private final String word;

  ModelStatus(String word) {
    this.word = word;
  }

  /** As it stands in the record. */
  public String word() {
    return word;
  }
}
