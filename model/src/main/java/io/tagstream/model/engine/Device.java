package io.tagstream.model.engine;

import java.util.Locale;

/** Where an engine computes: {@code --device}. */
public enum Device {
  /** A GPU if the build and the machine have one, otherwise the CPU; the log reports which. */
  AUTO,
  CPU,
  /** A GPU, or an error that names what is missing. */
  CUDA;

  /** The spelling of the option. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
