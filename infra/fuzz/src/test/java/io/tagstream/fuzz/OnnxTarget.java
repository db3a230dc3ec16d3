package io.tagstream.fuzz;

import io.tagstream.model.ModelException;
import io.tagstream.model.onnx.OnnxReader;
import java.nio.file.Path;

/** ONNX files, read as by {@code model import} and by each load. */
public final class OnnxTarget {
  private OnnxTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Path file = Target.file("model.onnx", input);
    try {
      OnnxReader.read(file);
    } catch (ModelException e) {
      // Expected: invalid input is refused with a reason.
    }
  }
}
