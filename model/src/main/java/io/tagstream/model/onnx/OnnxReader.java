package io.tagstream.model.onnx;

import io.tagstream.model.ModelException;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads an AlexNet from an ONNX file: ours, or the BVLC AlexNet of the ONNX model zoo. The numbers
 * stay in the memory-mapped file until somebody reads them; the mapping goes when its buffers are
 * garbage.
 */
public final class OnnxReader {
  private OnnxReader() {}

  /**
   * The network that the file's graph describes, and its weights.
   *
   * @throws ModelException when the file is missing, no ONNX file, cut short, or no AlexNet; then
   *     with the node or shape that differs
   */
  public static Weights read(Path file) {
    OnnxFile content = open(file);
    try {
      return new AlexNetGraph(content).weights();
    } catch (AlexNetGraph.Mismatch mismatch) {
      throw new ModelException(file + " is not an AlexNet: " + mismatch.getMessage(), mismatch);
    } catch (ArithmeticException e) {
      throw new ModelException(file + " is not an AlexNet: it has a size beyond any network's", e);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** The program that wrote the file, by its own word: {@link OnnxWriter#PRODUCER} where we did. */
  public static String producer(Path file) {
    return open(file).producer();
  }

  private static OnnxFile open(Path file) {
    try {
      return OnnxFile.read(file);
    } catch (NoSuchFileException missing) {
      throw new ModelException("no file " + file, missing);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The weights of a file whose network is known.
   *
   * @throws ModelException as {@link #read(Path)}, and when the file's graph is another network
   */
  public static Weights read(Path file, NetworkDescription network) {
    Weights weights = read(file);
    NetworkDescription expected = asOnnxHolds(network);
    if (!weights.network().equals(expected)) {
      throw new ModelException(
          "%s holds another network than its description: %s"
              .formatted(file, difference(expected, weights.network())));
    }
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      values.put(parameter.name(), weights.get(parameter.name()));
    }
    return new Weights(network, values);
  }

  /** The description with its real constants rounded as ONNX's float32 attributes round them. */
  private static NetworkDescription asOnnxHolds(NetworkDescription network) {
    List<Convolution> convolutions =
        network.convolutions().stream()
            .map(
                layer ->
                    new Convolution(
                        layer.name(),
                        layer.channels(),
                        layer.kernel(),
                        layer.stride(),
                        layer.padding(),
                        layer.groups(),
                        layer.activation(),
                        layer.normalization().map(LrnAttributes::of).map(LrnAttributes::toPaper),
                        layer.pool()))
            .toList();
    return new NetworkDescription(network.inputSize(), convolutions, network.dense());
  }

  private static String difference(NetworkDescription expected, NetworkDescription found) {
    if (expected.inputSize() != found.inputSize()) {
      return "an input of %d instead of %d".formatted(found.inputSize(), expected.inputSize());
    }
    return firstDifference(expected.convolutions(), found.convolutions())
        .orElseGet(() -> firstDifference(expected.dense(), found.dense()).orElseThrow());
  }

  private static <T> Optional<String> firstDifference(List<T> expected, List<T> found) {
    for (int i = 0; i < Math.min(expected.size(), found.size()); i++) {
      if (!expected.get(i).equals(found.get(i))) {
        return Optional.of(found.get(i) + " instead of " + expected.get(i));
      }
    }
    return expected.size() == found.size()
        ? Optional.empty()
        : Optional.of(found.size() + " layers instead of " + expected.size());
  }
}
