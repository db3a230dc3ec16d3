package io.tagstream.model.engine;

import java.util.Locale;

/** The engines; {@code --engine} takes their names. */
public enum EngineKind {
  DEEPLEARNING4J,
  ONNXRUNTIME;

  /** The spelling of the option. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
