package io.tagstream.model.engine;

/** The result that a forward pass computes. */
public enum Output {
  /** The softmax, {@code [crops][classes]}. */
  PROBABILITIES,
  /** The activations of the layer before the last, {@code [crops][features]}. */
  FEATURES
}
