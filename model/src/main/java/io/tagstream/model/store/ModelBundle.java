package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.onnx.OnnxReader;
import java.nio.file.Path;
import java.util.List;

/**
 * A model in a store: the folder {@code MODELS/VERSION/} with {@code model.onnx}, {@code
 * labels.txt} and {@code model.json}, verified when it was opened.
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

  /** The ONNX file. */
  public Path onnx() {
    return folder.resolve(BundleFolder.ONNX);
  }

  /**
   * The weights, memory-mapped: what nobody reads is not loaded. Those of a version of integers are
   * widened to floats, in memory of their own. Each call maps the file anew; the mapping goes when
   * the weights are closed, at the latest when they are garbage.
   *
   * @throws ModelException when the file is gone or is not what it was
   */
  public Weights weights() {
    return weights(Throttle.none());
  }

  /**
   * {@link #weights()} beside something that should not feel it.
   *
   * @param throttle asked for pauses: whole numbers are widened at once
   */
  public Weights weights(Throttle throttle) {
    return OnnxReader.read(onnx(), network, throttle);
  }
}
