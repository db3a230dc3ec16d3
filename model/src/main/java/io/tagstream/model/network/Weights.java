package io.tagstream.model.network;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A value for each parameter of a network, in ONNX layout, outside the heap (a memory-mapped file
 * or direct buffers). Immutable to its readers, so threads may share it.
 */
public final class Weights implements AutoCloseable {
  private final NetworkDescription network;
  private final Map<String, FloatBuffer> values;
  private final Memory memory;
  private final Optional<Quantization> quantization;

  /** What the values lie in, of these weights and of what stands in their place. */
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
   * The same weights, in the same memory, for a network that is to compute with integers. Closing
   * the ones closes the others.
   */
  public Weights quantized(Quantization how) {
    return new Weights(network, values, memory, Optional.of(how));
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
    if (memory.closed.get()) {
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
    memory.close();
  }
}
