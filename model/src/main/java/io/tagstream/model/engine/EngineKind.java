package io.tagstream.model.engine;

/** The engines, by the names that {@code --engine} takes. */
public enum EngineKind {
  DEEPLEARNING4J,
  ONNXRUNTIME
}
