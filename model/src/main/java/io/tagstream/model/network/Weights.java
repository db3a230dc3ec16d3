package io.tagstream.model.network;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A value for each parameter of a network, in ONNX layout, outside the heap (a memory-mapped file
 * or direct buffers). Immutable to its readers, so threads may share it.
 */
public final class Weights implements AutoCloseable {
  private final NetworkDescription network;
  private final Map<String, FloatBuffer> values;
  private final Runnable release;
  private final Optional<Quantization> quantization;
  private volatile boolean closed;

  /**
   * Weights whose memory goes when they are garbage.
   *
   * @param values one buffer a parameter, by its name, position 0 to limit
   * @throws IllegalArgumentException when a parameter is missing, unknown or of another size
   */
  public Weights(NetworkDescription network, Map<String, FloatBuffer> values) {
    this(network, values, () -> {});
  }

  /**
   * Weights whose memory can be given back.
   *
   * @param values one buffer a parameter, by its name, position 0 to limit
   * @param release gives it back
   * @throws IllegalArgumentException when a parameter is missing, unknown or of another size
   */
  public Weights(NetworkDescription network, Map<String, FloatBuffer> values, Runnable release) {
    this(network, values, release, Optional.empty());
  }

  private Weights(
      NetworkDescription network,
      Map<String, FloatBuffer> values,
      Runnable release,
      Optional<Quantization> quantization) {
    this.network = network;
    this.release = release;
    this.quantization = quantization;
    this.values = new LinkedHashMap<>();
    for (Parameter parameter : network.parameters()) {
      FloatBuffer value = values.get(parameter.name());
      if (value == null) {
        throw new IllegalArgumentException("no value for " + parameter.name());
      }
      if (value.remaining() != parameter.count()) {
        throw new IllegalArgumentException(
            "%s has %d numbers, needs %d"
                .formatted(parameter.name(), value.remaining(), parameter.count()));
      }
      this.values.put(parameter.name(), value.slice().asReadOnlyBuffer());
    }
    if (values.size() != this.values.size()) {
      throw new IllegalArgumentException(
          "values for parameters the network does not have: " + values.keySet());
    }
  }

  /**
   * The same weights for a network that is to compute with integers. They stand in this one's
   * place: closing them gives this one's memory back.
   */
  public Weights quantized(Quantization how) {
    return new Weights(network, values, this::close, Optional.of(how));
  }

  public NetworkDescription network() {
    return network;
  }

  /** How it computes with integers, where it does. */
  public Optional<Quantization> quantization() {
    return quantization;
  }

  /** The parameter's numbers, read-only, a view of its own from position 0. */
  public FloatBuffer get(String parameter) {
    FloatBuffer value = values.get(parameter);
    if (value == null) {
      throw new IllegalArgumentException("no parameter named " + parameter);
    }
    if (closed) {
      throw new IllegalStateException("the weights are closed");
    }
    return value.duplicate();
  }

  /**
   * Gives a file's memory back, at once instead of when the weights are garbage; for others there
   * is nothing to do. No view of them may be read afterwards.
   */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      release.run();
    }
  }
}
