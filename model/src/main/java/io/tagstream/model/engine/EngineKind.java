package io.tagstream.model.engine;

import java.util.Locale;

/** The engines, by the names that {@code --engine} takes. */
public enum EngineKind {
  DEEPLEARNING4J,
  ONNXRUNTIME;

  /** As the option takes it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
