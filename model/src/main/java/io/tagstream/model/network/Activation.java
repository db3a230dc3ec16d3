package io.tagstream.model.network;

/** The activation function of a layer. */
public enum Activation {
  /** max(0, x), the paper's section 3.1. */
  RELU,
  /** tanh(x), with which the paper's figure 1 compares ReLU. */
  TANH,
  /** x: the last layer, whose logits are the input of the softmax. */
  IDENTITY
}
