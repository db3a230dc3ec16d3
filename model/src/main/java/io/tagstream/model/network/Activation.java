package io.tagstream.model.network;

/** The non-linearity after a layer's sum. */
public enum Activation {
  /** max(0, x), the paper's section 3.1. */
  RELU,
  /** tanh(x), what the paper compares ReLU with in its figure 1. */
  TANH,
  /** None: the last layer, whose logits go to the softmax. */
  IDENTITY
}
