package io.tagstream.fuzz;

import io.tagstream.model.ModelException;
import io.tagstream.model.onnx.OnnxReader;
import java.nio.file.Path;

/** ONNX files as {@code model import} and each load read them. */
public final class OnnxTarget {
  private OnnxTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Path file = Target.file("model.onnx", input);
    try {
      OnnxReader.read(file);
    } catch (ModelException e) {
      // Refused, with the reason.
    }
  }
}
