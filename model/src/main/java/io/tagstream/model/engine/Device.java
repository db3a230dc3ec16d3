package io.tagstream.model.engine;

import java.util.Locale;

/** Where an engine computes: {@code --device}. */
public enum Device {
  /** A GPU where the build and the machine have one, else the CPU; the log says which. */
  AUTO,
  CPU,
  /** A GPU, or an error that names what is missing. */
  CUDA;

  /** As the option takes it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
