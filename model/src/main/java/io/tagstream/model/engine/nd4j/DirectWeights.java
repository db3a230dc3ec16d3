package io.tagstream.model.engine.nd4j;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A network's weights outside the heap, in the layout of {@link ArrayLayout}. */
public final class DirectWeights implements DeviceWeights {
  private final DeviceShare share;
  private final Normalization normalization;
  private final int threads;
  private final Map<ArrayLayout, INDArray> arrays = new LinkedHashMap<>();
  private final List<List<Layer>> convolutions = new ArrayList<>();
  private final List<Layer> dense = new ArrayList<>();

  /** Weights and bias of a layer, or of one group of it. */
  record Layer(INDArray weights, INDArray bias) {}

  /**
   * Copies the weights; the given ones are not used afterwards.
   *
   * @param threads OpenMP threads of each pass; fewer while other work takes {@link
   *     io.tagstream.model.engine.Processors}
   */
  public DirectWeights(Weights weights, Normalization normalization, int threads) {
    this(weights, normalization, threads, Throttle.none());
  }

  /**
   * Copies the weights in the background of a running engine.
   *
   * @param throttle paused between the pieces
   */
  public DirectWeights(
      Weights weights, Normalization normalization, int threads, Throttle throttle) {
    this(DeviceShare.whole(weights.network()), weights, normalization, threads, throttle);
  }

  /** Copies a device's part of the weights. */
  DirectWeights(
      DeviceShare share,
      Weights weights,
      Normalization normalization,
      int threads,
      Throttle throttle) {
    Nd4jLibrary.load();
    this.share = share;
    this.normalization = normalization;
    this.threads = threads;
    try {
      copy(weights, throttle);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
    share.convolutions().forEach(layer -> convolutions.add(layers(layer.name())));
    share.dense().forEach(layer -> dense.add(layers(layer.name()).get(0)));
  }

  DeviceShare share() {
    return share;
  }

  Normalization normalization() {
    return normalization;
  }

  int threads() {
    return threads;
  }

  /** The groups of a convolution, by its position. */
  List<Layer> convolution(int index) {
    return convolutions.get(index);
  }

  Layer dense(int index) {
    return dense.get(index);
  }

  /** The live arrays, in the order of the layouts: later passes use what is written into them. */
  Map<ArrayLayout, INDArray> arrays() {
    return Collections.unmodifiableMap(arrays);
  }

  @Override
  public Forward newForward(int maxBatch) {
    return new DirectForward(this, maxBatch);
  }

  @Override
  public void close() {
    arrays.values().forEach(INDArray::close);
  }

  private void copy(Weights weights, Throttle throttle) {
    Map<String, FloatBuffer> parts = share.parts(weights::get);
    for (ArrayLayout layout : ArrayLayout.of(share)) {
      INDArray array = layout.allocate();
      arrays.put(layout, array);
      layout.copyIn(parts.get(layout.parameter()), array, throttle);
    }
  }

  /**
   * Copies the device's part into all of the network's parameters in ONNX's order.
   *
   * @param chosen the array to copy for each layout: the weights or, for example, their average
   */
  void copyOut(Function<ArrayLayout, INDArray> chosen, Map<String, FloatBuffer> whole) {
    Map<String, FloatBuffer> parts = share.parts(whole::get);
    arrays
        .keySet()
        .forEach(layout -> layout.copyOut(chosen.apply(layout), parts.get(layout.parameter())));
  }

  private List<Layer> layers(String name) {
    List<INDArray> matrices = arraysOf(name + ".weight");
    List<INDArray> biases = arraysOf(name + ".bias");
    return IntStream.range(0, matrices.size())
        .mapToObj(group -> new Layer(matrices.get(group), biases.get(group)))
        .toList();
  }

  private List<INDArray> arraysOf(String parameter) {
    return arrays.entrySet().stream()
        .filter(entry -> entry.getKey().parameter().equals(parameter))
        .map(Map.Entry::getValue)
        .toList();
  }

  static INDArray allocate(long... shape) {
    return Nd4j.createUninitializedDetached(DataType.FLOAT, 'c', shape);
  }

  /** A view of {@code count} entries of the first dimension. */
  static INDArray rows(INDArray array, int first, int count) {
    INDArrayIndex[] indexes = new INDArrayIndex[array.rank()];
    Arrays.fill(indexes, NDArrayIndex.all());
    indexes[0] = NDArrayIndex.interval(first, first + count);
    return array.get(indexes);
  }

  /** The numbers of {@code count} entries of the first dimension, of an array that is no view. */
  static FloatBuffer buffer(INDArray array, int first, int count) {
    int length = Math.toIntExact(array.length() / array.size(0));
    return buffer(array).slice(first * length, count * length);
  }

  /**
   * A view of the array's numbers. It does not keep the array alive: the caller must hold the
   * array.
   */
  static FloatBuffer buffer(INDArray array) {
    return ((FloatPointer) array.data().pointer()).asBuffer();
  }
}
