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
 * Reads an AlexNet from an ONNX file: one of ours, or the BVLC AlexNet of the ONNX model zoo. The
 * weights are views of a memory-mapped copy of the file. Closing the weights frees the copy;
 * without that the garbage collector does.
 */
public final class OnnxReader {
  private OnnxReader() {}

  /**
   * Reads the network that the file's graph describes, and its weights.
   *
   * @throws ModelException if the file is missing, not an ONNX file, truncated, or not an AlexNet;
   *     in the last case the message names the node or shape that differs
   */
  public static Weights read(Path file) {
    return read(file, Throttle.none(), found -> found);
  }

  /**
   * The program that wrote the file, as the file names it: {@link OnnxWriter#PRODUCER} for ours.
   *
   * @throws ModelException if the file is missing, not an ONNX file, or truncated
   */
  public static String producer(Path file) {
    try (FileMapping copy = copy(file, Throttle.none())) {
      return OnnxFile.read(copy).producer();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Whether the file's network computes with integers.
   *
   * @throws ModelException if the file is missing, not an ONNX file, or truncated
   */
  public static boolean isQuantized(Path file) {
    try (FileMapping copy = copy(file, Throttle.none())) {
      return OnnxFile.read(copy).nodes().stream()
          .anyMatch(node -> node.type().equals("QuantizeLinear"));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Reads the weights of a file whose network is known.
   *
   * @throws ModelException as {@link #read(Path)}, and if the file's graph is another network
   */
  public static Weights read(Path file, NetworkDescription network) {
    return read(file, network, Throttle.none());
  }

  /**
   * {@link #read(Path, NetworkDescription)} in the background of other work.
   *
   * @param throttle paused while the file is copied and integers are converted
   */
  public static Weights read(Path file, NetworkDescription network, Throttle throttle) {
    return read(file, throttle, found -> described(file, network, found));
  }

  /**
   * {@link #read(Path, NetworkDescription, Throttle)} for a file that is already copied.
   *
   * @param file for messages
   * @param copy outlives the weights
   */
  public static Weights read(
      Path file, FileMapping copy, NetworkDescription network, Throttle throttle) {
    return weights(file, copy, () -> {}, throttle, found -> described(file, network, found));
  }

  /**
   * Copies a file, so that later changes of the file do not matter; the caller closes the copy.
   *
   * @param throttle limits the copying
   * @throws ModelException if the file is missing, not a regular file, empty, or unreadable
   */
  public static FileMapping copy(Path file, Throttle throttle) {
    try {
      return FileMapping.of(file, throttle);
    } catch (NoSuchFileException missing) {
      throw new ModelException("no file " + file, missing);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static NetworkDescription described(
      Path file, NetworkDescription network, NetworkDescription found) {
    NetworkDescription expected = asOnnxHolds(network);
    if (!found.equals(expected)) {
      throw new ModelException(
          "%s holds another network than its description: %s"
              .formatted(file, difference(expected, found)));
    }
    return network;
  }

  /**
   * Reads the weights of a file.
   *
   * @param description maps the network that was found to the one of the weights, or throws
   */
  private static Weights read(
      Path file, Throttle throttle, UnaryOperator<NetworkDescription> description) {
    FileMapping copy = copy(file, throttle);
    try {
      return weights(file, copy, copy::close, throttle, description);
    } catch (Throwable e) {
      copy.close();
      throw e;
    }
  }

  private static Weights weights(
      Path file,
      FileMapping copy,
      Runnable release,
      Throttle throttle,
      UnaryOperator<NetworkDescription> description) {
    try {
      Weights held = AlexNetGraph.weights(OnnxFile.read(copy), throttle);
      try {
        return described(held, description.apply(held.network()), release);
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
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      // Sizes that are valid each but contradict each other.
      throw new ModelException(file + " is not an AlexNet: " + e.getMessage(), e);
    }
  }

  private static Weights described(Weights held, NetworkDescription network, Runnable release) {
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
              release.run();
            });
    return held.quantization().map(described::quantized).orElse(described);
  }

  private static ModelException unreadable(Path file, IOException cause) {
    return new ModelException("cannot read " + file + ": " + cause.getMessage(), cause);
  }

  /** The description with its constants rounded to ONNX's float32 attributes. */
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
