package io.tagstream.model.engine;

/** Where an engine computes: {@code --device}. */
public enum Device {
  /** A GPU where the build and the machine have one, else the CPU; the log says which. */
  AUTO,
  CPU,
  /** A GPU, or an error that names what is missing. */
  CUDA
}
