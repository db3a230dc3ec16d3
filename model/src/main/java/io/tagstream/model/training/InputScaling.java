package io.tagstream.model.training;

/** The scaling of the input pixels of a network that is trained from random weights. */
public enum InputScaling {
  /** Minus the training images' mean, divided by their standard deviation, per channel. */
  STANDARDISED,
  /**
   * From 0 to 255, minus the mean, as in the paper (section 2) and as its initial weights need
   * them. The mean is per channel; the paper's is per pixel.
   */
  CENTRED
}
