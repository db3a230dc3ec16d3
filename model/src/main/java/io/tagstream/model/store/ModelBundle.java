package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.onnx.OnnxReader;
import java.nio.file.Path;
import java.util.List;

/**
 * A bundle in a store: the folder {@code MODELS/VERSION/} with {@code model.onnx}, {@code
 * labels.txt} and {@code model.json}. It was verified when it was opened.
 *
 * @param labels in class order
 */
public record ModelBundle(
    String version,
    Path folder,
    NetworkDescription network,
    Preprocessing preprocessing,
    List<String> labels) {

  public ModelBundle {
    labels = List.copyOf(labels);
  }

  /** The path of {@code model.onnx}. */
  public Path onnx() {
    return folder.resolve(BundleFolder.ONNX);
  }

  /**
   * Opens the weights, memory-mapped: only what is read is loaded. The weights of a quantized
   * version are converted to floats in separate memory. Each call maps the file again; the mapping
   * is released when the weights are closed, at the latest when they are garbage-collected.
   *
   * @throws ModelException if the file is gone or was changed
   */
  public Weights weights() {
    return weights(Throttle.none());
  }

  /**
   * As {@link #weights()}, throttled for loading concurrently with serving.
   *
   * @param throttle pauses the conversion of integer weights, which is done at once
   */
  public Weights weights(Throttle throttle) {
    return OnnxReader.read(onnx(), network, throttle);
  }
}
