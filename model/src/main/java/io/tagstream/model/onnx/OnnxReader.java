package io.tagstream.model.onnx;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
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
import java.util.function.UnaryOperator;

/**
 * Reads an AlexNet from an ONNX file: ours, or the BVLC AlexNet of the ONNX model zoo. The numbers
 * stay in the memory-mapped file until somebody reads them; the mapping goes when the weights are
 * closed, at the latest when they are garbage.
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
    return read(file, Throttle.none(), found -> found);
  }

  /**
   * The program that wrote the file, by its own word: {@link OnnxWriter#PRODUCER} where we did.
   *
   * @throws ModelException when the file is missing, no ONNX file or cut short
   */
  public static String producer(Path file) {
    try (FileMapping mapping = map(file)) {
      return OnnxFile.read(mapping).producer();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Whether the file's network computes with integers.
   *
   * @throws ModelException when the file is missing, no ONNX file or cut short
   */
  public static boolean isQuantized(Path file) {
    try (FileMapping mapping = map(file)) {
      return OnnxFile.read(mapping).nodes().stream()
          .anyMatch(node -> node.type().equals("QuantizeLinear"));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * The weights of a file whose network is known.
   *
   * @throws ModelException as {@link #read(Path)}, and when the file's graph is another network
   */
  public static Weights read(Path file, NetworkDescription network) {
    return read(file, network, Throttle.none());
  }

  /**
   * {@link #read(Path, NetworkDescription)} beside something that should not feel it.
   *
   * @param throttle asked for pauses where there is more to do than to map the file
   */
  public static Weights read(Path file, NetworkDescription network, Throttle throttle) {
    NetworkDescription expected = asOnnxHolds(network);
    return read(
        file,
        throttle,
        found -> {
          if (!found.equals(expected)) {
            throw new ModelException(
                "%s holds another network than its description: %s"
                    .formatted(file, difference(expected, found)));
          }
          return network;
        });
  }

  /**
   * The weights of a file.
   *
   * @param description what the network that was found is called, or an exception
   */
  private static Weights read(
      Path file, Throttle throttle, UnaryOperator<NetworkDescription> description) {
    FileMapping mapping = map(file);
    try {
      return weights(file, mapping, throttle, description);
    } catch (Throwable e) {
      mapping.close();
      throw e;
    }
  }

  private static Weights weights(
      Path file,
      FileMapping mapping,
      Throttle throttle,
      UnaryOperator<NetworkDescription> description) {
    try {
      Weights held = AlexNetGraph.weights(OnnxFile.read(mapping), throttle);
      try {
        return described(held, description.apply(held.network()), mapping);
      } catch (Throwable e) {
        held.close();
        throw e;
      }
    } catch (Mismatch mismatch) {
      throw new ModelException(file + " is not an AlexNet: " + mismatch.getMessage(), mismatch);
    } catch (ArithmeticException e) {
      throw new ModelException(file + " is not an AlexNet: it has a size beyond any network's", e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static Weights described(Weights held, NetworkDescription network, FileMapping mapping) {
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      values.put(parameter.name(), held.get(parameter.name()));
    }
    Weights described =
        new Weights(
            network,
            values,
            () -> {
              held.close();
              mapping.close();
            });
    return held.quantization().map(described::quantized).orElse(described);
  }

  private static FileMapping map(Path file) {
    try {
      return FileMapping.of(file);
    } catch (NoSuchFileException missing) {
      throw new ModelException("no file " + file, missing);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static ModelException unreadable(Path file, IOException cause) {
    return new ModelException("cannot read " + file + ": " + cause.getMessage(), cause);
  }

  /** The description with its real constants rounded as ONNX's float32 attributes round them. */
  private static NetworkDescription asOnnxHolds(NetworkDescription network) {
    return network.withConvolutions(
        layer ->
            layer.withNormalization(
                layer.normalization().map(lrn -> LrnAttributes.of(lrn).toPaper().in(lrn.scope()))));
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
