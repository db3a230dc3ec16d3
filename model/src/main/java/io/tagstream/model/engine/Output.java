package io.tagstream.model.engine;

/** What a pass through the network is to end with. */
public enum Output {
  /** The softmax, {@code [crops][classes]}. */
  PROBABILITIES,
  /** The layer before the last after its activation, {@code [crops][features]}. */
  FEATURES
}
