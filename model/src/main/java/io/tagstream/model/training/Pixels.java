package io.tagstream.model.training;

/** How pixels come into a network that begins afresh. */
public enum Pixels {
  /** Less the training pictures' mean, over their deviation, channel by channel. */
  STANDARDISED,
  /**
   * From 0 to 255, less the mean, as the paper has them (section 2) and its first weights need
   * them. The mean is each channel's, where the paper takes each pixel's.
   */
  CENTRED
}
