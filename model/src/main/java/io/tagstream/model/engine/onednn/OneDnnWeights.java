package io.tagstream.model.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.nd4j.OpenMp;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A network's weights outside the heap, in the layouts that oneDNN's primitives ask for. They are
 * converted once, not in each pass.
 */
public final class OneDnnWeights implements DeviceWeights {

  /**
   * Crops that pass the convolutions together. The weights' layouts are the ones for this number.
   */
  static final int CHUNK = 16;

  /** Rows of a matrix that are converted between two pauses: a multiple of every layout's block. */
  private static final int ROWS = 64;

  /** A number of columns that no layout pads is a multiple of this. */
  private static final int BLOCK = 64;

  /** Unused numbers between two rows, so that rows do not all start in the same cache set. */
  private static final int GAP = 16;

  private final NetworkDescription network;
  private final Normalization normalization;
  private final int threads;
  private final Arena arena = new Arena();

  // The constructor fills these maps, apart from kernels; passes read them without a lock.

  /** The convolutions' weights and all biases, by the parameter's name, in ONNX's order. */
  private final Map<String, FloatPointer> plain = new HashMap<>();

  /**
   * Kernels for Winograd's algorithm, by the layer's name and by group; layers that do not use it
   * are absent.
   */
  private final Map<String, List<memory>> transformed = new HashMap<>();

  /** The dense layers' weights, by the layer's name. */
  private final Map<String, memory> matrices = new HashMap<>();

  /** Kernels for the direct algorithm, by the layer's name, in every layout asked for so far. */
  private final Map<String, List<memory>> kernels = new HashMap<>();

  /**
   * Copies the weights, on one processor; the given ones are not used afterwards.
   *
   * @param threads OpenMP threads of each pass, fewer while other work takes {@link
   *     io.tagstream.model.engine.Processors}; the layouts are the ones for this number
   * @param throttle paused between the pieces
   */
  public OneDnnWeights(
      Weights weights, Normalization normalization, int threads, Throttle throttle) {
    this.network = weights.network();
    this.normalization = normalization;
    this.threads = threads;
    try {
      copy(weights, throttle);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Whether the build contains oneDNN and this machine can load it. */
  public static boolean areUsable() {
    return OneDnn.isUsable();
  }

  NetworkDescription network() {
    return network;
  }

  Normalization normalization() {
    return normalization;
  }

  int threads() {
    return threads;
  }

  /** A layer's biases from index {@code first} on. */
  FloatPointer bias(String layer, int first) {
    return plain.get(layer + ".bias").getPointer(first);
  }

  /** Whether Winograd's kernels exist for the layer, in this layout. */
  boolean hasKernels(Convolution layer, memory.desc wanted) {
    List<memory> groups = transformed.get(layer.name());
    return groups != null && isOf(groups.get(0), wanted);
  }

  /** A group's kernels for Winograd's algorithm. */
  memory kernels(Convolution layer, int group) {
    return transformed.get(layer.name()).get(group);
  }

  /**
   * A convolution's kernels for the direct algorithm, converted when a layout is first asked for.
   */
  synchronized memory kernels(Convolution layer, memory.desc wanted) {
    List<memory> known = kernels.computeIfAbsent(layer.name(), any -> new ArrayList<>());
    return known.stream()
        .filter(each -> isOf(each, wanted))
        .findFirst()
        .orElseGet(
            () -> {
              memory.desc shape = OneDnn.shape(memory.format_tag.goihw, longs(wanted));
              memory to = arena.keep(new memory(wanted, OneDnn.cpu()));
              OneDnn.copy(OneDnn.view(shape, plain.get(layer.name() + ".weight")), to);
              known.add(to);
              return to;
            });
  }

  /** A dense layer's weights. */
  memory matrix(Dense layer) {
    return matrices.get(layer.name());
  }

  private static boolean isOf(memory numbers, memory.desc wanted) {
    try (memory.desc is = numbers.get_desc()) {
      return is.equals(wanted);
    }
  }

  private static long[] longs(memory.desc shape) {
    long[] dims = new long[shape.data().ndims()];
    shape.dims().get(dims);
    return dims;
  }

  @Override
  public Forward newForward(int maxBatch) {
    return new OneDnnForward(this, maxBatch);
  }

  @Override
  public synchronized void close() {
    arena.close();
  }

  private void copy(Weights weights, Throttle throttle) {
    for (Parameter parameter : network.parameters()) {
      FloatBuffer numbers = weights.get(parameter.name());
      List<Integer> shape = parameter.shape();
      if (shape.size() == 2) {
        layOutMatrix(parameter.layer(), numbers, shape.get(0), shape.get(1), throttle);
      } else {
        FloatPointer copy = arena.allocate(numbers.remaining());
        copy.asBuffer().put(numbers);
        plain.put(parameter.name(), copy);
        throttle.pause();
      }
    }
    int inputs = NetworkDescription.INPUT_CHANNELS;
    int side = network.inputSize();
    for (Convolution layer : network.convolutions()) {
      transform(layer, inputs, side, throttle);
      inputs = layer.channels();
      side = layer.outputSide(side);
    }
  }

  private void layOutMatrix(
      String layer, FloatBuffer numbers, int units, int inputs, Throttle throttle) {
    Arena.scoped(
        () -> {
          OpenMp.useThreads(threads);
          memory.desc any = OneDnn.any(units, inputs);
          memory.desc wanted =
              product(CHUNK, inputs, units, Activation.IDENTITY, any).weights_desc();
          OpenMp.useThreads(1);
          memory matrix = arena.keep(new memory(wanted, OneDnn.cpu()));
          // A layout that pads its rows has no addressable parts.
          int atATime = inputs % BLOCK == 0 ? Math.min(ROWS, units) : units;
          long stride = (long) inputs + GAP;
          FloatPointer rows = new FloatPointer(atATime * stride);
          FloatBuffer buffer = rows.asBuffer();
          for (int first = 0; first < units; first += atATime) {
            int count = Math.min(atATime, units - first);
            for (int row = 0; row < count; row++) {
              buffer.put(Math.toIntExact(row * stride), numbers, (first + row) * inputs, inputs);
            }
            memory.desc some =
                new memory.desc(
                    OneDnn.dims(count, inputs), memory.data_type.f32, OneDnn.dims(stride, 1));
            memory.desc there =
                count == units
                    ? wanted
                    : wanted.submemory_desc(OneDnn.dims(count, inputs), OneDnn.dims(first, 0));
            OneDnn.copy(OneDnn.view(some, rows), OneDnn.view(there, matrix.get_data_handle()));
            throttle.pause();
          }
          matrices.put(layer, matrix);
        });
  }

  private void transform(Convolution layer, int inputs, int side, Throttle throttle) {
    Arena.scoped(
        () -> {
          OpenMp.useThreads(threads);
          Optional<convolution_forward.primitive_desc> description =
              ConvolutionDescriptors.winograd(layer, CHUNK, inputs, side);
          OpenMp.useThreads(1);
          if (description.isEmpty()) {
            return;
          }
          List<memory> groups = new ArrayList<>();
          memory.desc wanted = description.get().weights_desc();
          memory.desc shape = OneDnn.shape(memory.format_tag.oihw, longs(wanted));
          for (int group = 0; group < layer.groups(); group++) {
            FloatPointer kernels =
                plain
                    .get(layer.name() + ".weight")
                    .getPointer(group * shape.get_size() / Float.BYTES);
            memory to = arena.keep(new memory(wanted, OneDnn.cpu()));
            OneDnn.copy(OneDnn.view(shape, kernels), to);
            groups.add(to);
            throttle.pause();
          }
          transformed.put(layer.name(), groups);
        });
  }

  /**
   * The descriptor of a dense layer with its activation, from rows of inputs to rows of units.
   *
   * @param weights {@code [units][inputs]}
   */
  static inner_product_forward.primitive_desc product(
      int crops, int inputs, int units, Activation activation, memory.desc weights) {
    return new inner_product_forward.primitive_desc(
        new inner_product_forward.desc(
            dnnl_forward_inference,
            OneDnn.shape(memory.format_tag.ab, crops, inputs),
            weights,
            OneDnn.any(units),
            OneDnn.shape(memory.format_tag.ab, crops, units)),
        OneDnn.attributes(activation, OneDnn.NEGATIVE_SLOPE),
        OneDnn.cpu());
  }
}
