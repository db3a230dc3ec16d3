package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A network's weights outside the heap, in the layouts in which ND4J's CPU ops are fastest: kernels
 * {@code [kernel][kernel][input channels][channels]}, one array per group; dense layers {@code
 * [inputs][units]}, the first one's inputs in row, column, channel order, as pooling leaves them.
 */
public final class DirectWeights implements DeviceWeights {
  private final NetworkDescription network;
  private final Normalization normalization;
  private final int threads;
  private final List<List<Layer>> convolutions = new ArrayList<>();
  private final List<Layer> dense = new ArrayList<>();

  /** Weights and bias of a layer, or of one group of it. */
  record Layer(INDArray weights, INDArray bias) {}

  /**
   * Copies the weights; the given ones are not used afterwards.
   *
   * @param threads OpenMP threads of each pass
   */
  public DirectWeights(Weights weights, Normalization normalization, int threads) {
    Nd4j.getMemoryManager().togglePeriodicGc(false);
    this.network = weights.network();
    this.normalization = normalization;
    this.threads = threads;
    try {
      copyConvolutions(weights);
      copyDense(weights);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
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

  /** The groups of a convolution, by its position. */
  List<Layer> convolution(int index) {
    return convolutions.get(index);
  }

  Layer dense(int index) {
    return dense.get(index);
  }

  @Override
  public Forward newForward(int maxBatch) {
    return new DirectForward(this, maxBatch);
  }

  @Override
  public void close() {
    for (List<Layer> groups : convolutions) {
      groups.forEach(DirectWeights::close);
    }
    dense.forEach(DirectWeights::close);
  }

  private static void close(Layer layer) {
    layer.weights().close();
    layer.bias().close();
  }

  private void copyConvolutions(Weights weights) {
    int inputChannels = NetworkDescription.INPUT_CHANNELS;
    for (Convolution layer : network.convolutions()) {
      int inputs = inputChannels / layer.groups();
      int outputs = layer.channels() / layer.groups();
      FloatBuffer kernels = weights.get(layer.name() + ".weight");
      FloatBuffer biases = weights.get(layer.name() + ".bias");
      List<Layer> groups = new ArrayList<>();
      convolutions.add(groups);
      for (int group = 0; group < layer.groups(); group++) {
        INDArray matrix = allocate(layer.kernel(), layer.kernel(), inputs, outputs);
        INDArray bias = allocate(outputs);
        groups.add(new Layer(matrix, bias));
        int length = inputs * layer.kernel() * layer.kernel();
        transpose(
            kernels.slice(group * outputs * length, outputs * length),
            outputs,
            inputs,
            layer.kernel() * layer.kernel(),
            matrix);
        buffer(bias).put(biases.slice(group * outputs, outputs));
      }
      inputChannels = layer.channels();
    }
  }

  private void copyDense(Weights weights) {
    List<Integer> sides = network.sides();
    int side = sides.get(sides.size() - 1);
    int maps = network.convolutions().get(network.convolutions().size() - 1).channels();
    int area = side * side;
    for (Dense layer : network.dense()) {
      INDArray matrix = allocate((long) maps * area, layer.units());
      INDArray bias = allocate(layer.units());
      dense.add(new Layer(matrix, bias));
      transpose(weights.get(layer.name() + ".weight"), layer.units(), maps, area, matrix);
      buffer(bias).put(weights.get(layer.name() + ".bias"));
      maps = layer.units();
      area = 1;
    }
  }

  /** Copies {@code [units][channels][area]} as {@code [area][channels][units]}. */
  private static void transpose(
      FloatBuffer from, int units, int channels, int area, INDArray matrix) {
    FloatBuffer to = buffer(matrix);
    // Rows of a tile are whole cache lines on both sides: 38 million numbers in a fraction of a
    // second.
    int tile = 64;
    float[] row = new float[channels * area];
    float[] rows = new float[tile * channels * area];
    float[] column = new float[tile];
    for (int first = 0; first < units; first += tile) {
      int count = Math.min(tile, units - first);
      for (int unit = 0; unit < count; unit++) {
        from.get((first + unit) * row.length, row);
        for (int i = 0; i < row.length; i++) {
          rows[i * tile + unit] = row[i];
        }
      }
      for (int channel = 0; channel < channels; channel++) {
        for (int position = 0; position < area; position++) {
          System.arraycopy(rows, (channel * area + position) * tile, column, 0, count);
          to.put((position * channels + channel) * units + first, column, 0, count);
        }
      }
    }
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

  /** The array's numbers; whoever uses it holds the array, which this does not. */
  static FloatBuffer buffer(INDArray array) {
    return ((FloatPointer) array.data().pointer()).asBuffer();
  }
}
