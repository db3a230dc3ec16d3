package io.tagstream.model.training;

/** How much of a network a training leaves as it is: every layer up to and including this one. */
public enum FreezeTo {
  /** All convolutions; fc6 to fc8 train. */
  CONV5,
  /** All but fc8, which then trains on features that are computed once. */
  FC7
}
