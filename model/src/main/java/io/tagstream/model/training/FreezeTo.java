package io.tagstream.model.training;

/** The layers that a training leaves unchanged: all up to and including this one. */
public enum FreezeTo {
  /** All convolutions; fc6 to fc8 train. */
  CONV5,
  /** All layers but fc8, which then trains on features that are computed once. */
  FC7
}
