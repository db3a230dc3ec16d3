package io.tagstream.model.engine.nd4j;

import io.tagstream.model.Throttle;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The layout in which ND4J's CPU ops compute fastest with a parameter, or with one group of it:
 * kernels {@code [kernel][kernel][input channels][channels]}, one array per group; dense layers
 * {@code [inputs][units]}, the first layer's inputs in the order row, column, channel, as pooling
 * writes them. ONNX orders the same numbers {@code [units][channels][area]}, this layout {@code
 * [area][channels][units]}; a bias has one channel and an area of 1.
 *
 * @param from index of the first number in the device's part of the parameter
 * @param shape of the array
 */
record ArrayLayout(
    String parameter, int from, int units, int channels, int area, List<Long> shape) {

  /**
   * Units transposed at a time. Source and target rows of a tile are whole cache lines, so that 38
   * million numbers take a fraction of a second.
   */
  private static final int TILE = 64;

  /**
   * The layouts of a device's share: for each layer those of the weights by group, then those of
   * the biases by group.
   */
  static List<ArrayLayout> of(DeviceShare share) {
    List<ArrayLayout> layouts = new ArrayList<>();
    List<Convolution> convolutions = share.convolutions();
    for (int i = 0; i < convolutions.size(); i++) {
      Convolution layer = convolutions.get(i);
      long kernel = layer.kernel();
      int area = layer.kernel() * layer.kernel();
      int inputs = share.inputChannels(i) / layer.groups();
      int outputs = layer.channels() / layer.groups();
      for (int group = 0; group < layer.groups(); group++) {
        layouts.add(
            new ArrayLayout(
                layer.name() + ".weight",
                group * outputs * inputs * area,
                outputs,
                inputs,
                area,
                List.of(kernel, kernel, (long) inputs, (long) outputs)));
      }
      for (int group = 0; group < layer.groups(); group++) {
        layouts.add(bias(layer.name(), group * outputs, outputs));
      }
    }
    List<Integer> sides = share.network().sides();
    int side = sides.get(sides.size() - 1);
    int area = side * side;
    List<Convolution> all = share.network().convolutions();
    int inputs = all.get(all.size() - 1).channels();
    List<Dense> dense = share.dense();
    for (int i = 0; i < dense.size(); i++) {
      Dense layer = dense.get(i);
      layouts.add(
          new ArrayLayout(
              layer.name() + ".weight",
              0,
              layer.units(),
              inputs,
              area,
              List.of((long) inputs * area, (long) layer.units())));
      layouts.add(bias(layer.name(), 0, layer.units()));
      inputs = share.network().dense().get(i).units();
      area = 1;
    }
    return layouts;
  }

  private static ArrayLayout bias(String layer, int from, int units) {
    return new ArrayLayout(layer + ".bias", from, units, 1, 1, List.of((long) units));
  }

  /** One direct buffer for each parameter of a network, in ONNX's order. */
  static Map<String, FloatBuffer> allocate(NetworkDescription network) {
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      values.put(
          parameter.name(),
          ByteBuffer.allocateDirect(Math.toIntExact(Float.BYTES * parameter.count()))
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer());
    }
    return values;
  }

  int count() {
    return units * channels * area;
  }

  INDArray allocate() {
    return DirectWeights.allocate(shape.stream().mapToLong(Long::longValue).toArray());
  }

  /**
   * Copies from the device's part of the parameter in ONNX's order.
   *
   * @param throttle paused between tiles
   */
  void copyIn(FloatBuffer parameter, INDArray array, Throttle throttle) {
    FloatBuffer to = DirectWeights.buffer(array);
    int length = channels * area;
    float[] row = new float[length];
    float[] rows = new float[TILE * length];
    float[] column = new float[TILE];
    for (int first = 0; first < units; first += TILE) {
      int count = Math.min(TILE, units - first);
      for (int unit = 0; unit < count; unit++) {
        parameter.get(from + (first + unit) * length, row);
        for (int i = 0; i < length; i++) {
          rows[i * TILE + unit] = row[i];
        }
      }
      for (int channel = 0; channel < channels; channel++) {
        for (int position = 0; position < area; position++) {
          System.arraycopy(rows, (channel * area + position) * TILE, column, 0, count);
          to.put((position * channels + channel) * units + first, column, 0, count);
        }
      }
      throttle.pause();
    }
  }

  /** Copies into the device's part of the parameter in ONNX's order. */
  void copyOut(INDArray array, FloatBuffer parameter) {
    FloatBuffer numbers = DirectWeights.buffer(array);
    int length = channels * area;
    float[] row = new float[length];
    float[] rows = new float[TILE * length];
    float[] column = new float[TILE];
    for (int first = 0; first < units; first += TILE) {
      int count = Math.min(TILE, units - first);
      for (int channel = 0; channel < channels; channel++) {
        for (int position = 0; position < area; position++) {
          numbers.get((position * channels + channel) * units + first, column, 0, count);
          System.arraycopy(column, 0, rows, (channel * area + position) * TILE, count);
        }
      }
      for (int unit = 0; unit < count; unit++) {
        for (int i = 0; i < length; i++) {
          row[i] = rows[i * TILE + unit];
        }
        parameter.put(from + (first + unit) * length, row);
      }
    }
  }
}
