package io.tagstream.model.network;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The parameters of a network, in ONNX layout, outside the heap: in a memory-mapped file or in
 * direct buffers. Readers cannot change them, so threads may share them.
 */
public final class Weights implements AutoCloseable {
  private final NetworkDescription network;
  private final Map<String, FloatBuffer> values;
  private final Memory memory;
  private final Optional<Quantization> quantization;

  /** The memory of the values, which quantized copies of the weights share. */
  private static final class Memory {
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    Memory(Runnable release) {
      this.release = release;
    }

    void close() {
      if (closed.compareAndSet(false, true)) {
        release.run();
      }
    }
  }

  /**
   * Weights whose memory the garbage collector frees.
   *
   * @param values one buffer per parameter, by its name, position 0 to limit
   * @throws IllegalArgumentException if a parameter is missing, unknown or of another size
   */
  public Weights(NetworkDescription network, Map<String, FloatBuffer> values) {
    this(network, values, () -> {});
  }

  /**
   * Weights whose memory {@link #close} frees.
   *
   * @param values one buffer per parameter, by its name, position 0 to limit
   * @param release frees the memory
   * @throws IllegalArgumentException if a parameter is missing, unknown or of another size
   */
  public Weights(NetworkDescription network, Map<String, FloatBuffer> values, Runnable release) {
    this(network, values, new Memory(release), Optional.empty());
  }

  private Weights(
      NetworkDescription network,
      Map<String, FloatBuffer> values,
      Memory memory,
      Optional<Quantization> quantization) {
    this.network = network;
    this.memory = memory;
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
   * The same weights, in the same memory, for a network that computes with integers. Closing either
   * object closes both.
   */
  public Weights quantized(Quantization how) {
    return new Weights(network, values, memory, Optional.of(how));
  }

  public NetworkDescription network() {
    return network;
  }

  /** How the network computes with integers; empty if it computes with floats. */
  public Optional<Quantization> quantization() {
    return quantization;
  }

  /** The parameter's numbers, as a new read-only view from position 0. */
  public FloatBuffer get(String parameter) {
    FloatBuffer value = values.get(parameter);
    if (value == null) {
      throw new IllegalArgumentException("no parameter named " + parameter);
    }
    if (memory.closed.get()) {
      throw new IllegalStateException("the weights are closed");
    }
    return value.duplicate();
  }

  /**
   * Frees the memory of weights that are in a file now, instead of when the garbage collector does;
   * does nothing for other weights. No view of the weights may be read afterwards.
   */
  @Override
  public void close() {
    memory.close();
  }
}
