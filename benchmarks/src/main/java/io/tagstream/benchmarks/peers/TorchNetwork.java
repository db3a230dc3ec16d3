package io.tagstream.benchmarks.peers;

import static ai.djl.nn.Activation.relu;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A bundle's network in DJL on PyTorch, with the same weights. Local response normalisation avoids
 * the power, which is slow in PyTorch: it uses squares, a 1x1 convolution with a band of alpha, and
 * two square roots.
 */
final class TorchNetwork {
  private final NetworkDescription network;
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();
  private final Map<String, NDArray> bands = new LinkedHashMap<>();

  /**
   * Copies the weights.
   *
   * @param manager owns the arrays and closes them
   */
  TorchNetwork(NDManager manager, Weights weights) {
    network = weights.network();
    for (Parameter parameter : network.parameters()) {
      FloatBuffer values = weights.get(parameter.name());
      float[] copy = new float[values.remaining()];
      values.duplicate().get(copy);
      long[] shape = parameter.shape().stream().mapToLong(Integer::longValue).toArray();
      parameters.put(parameter.name(), manager.create(copy, new Shape(shape)));
    }
    for (Convolution layer : network.convolutions()) {
      layer
          .normalization()
          .ifPresent(lrn -> bands.put(layer.name(), band(manager, layer.channels(), lrn)));
    }
  }

  private static NDArray band(NDManager manager, int channels, LocalResponseNormalization lrn) {
    float[] values = new float[channels * channels];
    int reach = lrn.size() / 2;
    for (int to = 0; to < channels; to++) {
      for (int from = Math.max(0, to - reach); from <= Math.min(channels - 1, to + reach); from++) {
        values[to * channels + from] = (float) lrn.alpha();
      }
    }
    return manager.create(values, new Shape(channels, channels, 1, 1));
  }

  int inputSize() {
    return network.inputSize();
  }

  /** Parameters by name, in the bundle's order. */
  Map<String, NDArray> parameters() {
    return parameters;
  }

  /**
   * The forward pass, from pixels to logits.
   *
   * @param input {@code [N][3][S][S]}
   * @param training whether to apply dropout
   * @return {@code [N][classes]}
   */
  NDArray logits(NDArray input, boolean training) {
    NDArray x = input;
    for (Convolution layer : network.convolutions()) {
      Shape stride = new Shape(layer.stride(), layer.stride());
      Shape padding = new Shape(layer.padding(), layer.padding());
      x =
          Conv2d.conv2d(
                  x,
                  parameters.get(layer.name() + ".weight"),
                  parameters.get(layer.name() + ".bias"),
                  stride,
                  padding,
                  new Shape(1, 1),
                  layer.groups())
              .singletonOrThrow();
      x = relu(x);
      if (layer.normalization().isPresent()) {
        x = normalized(x, bands.get(layer.name()), layer.normalization().get());
      }
      if (layer.pool().isPresent()) {
        MaxPool pool = layer.pool().get();
        x =
            Pool.maxPool2d(
                x,
                new Shape(pool.size(), pool.size()),
                new Shape(pool.stride(), pool.stride()),
                new Shape(0, 0),
                false);
      }
    }
    x = x.reshape(x.getShape().get(0), -1);
    for (Dense layer : network.dense()) {
      x =
          Linear.linear(
                  x,
                  parameters.get(layer.name() + ".weight"),
                  parameters.get(layer.name() + ".bias"))
              .singletonOrThrow();
      if (layer.activation() == Activation.RELU) {
        x = relu(x);
      }
      if (layer.dropout() > 0) {
        x = Dropout.dropout(x, (float) layer.dropout(), training).singletonOrThrow();
      }
    }
    return x;
  }

  /** For beta = 3/4: x / (sqrt(s) * sqrt(sqrt(s))). */
  private static NDArray normalized(NDArray x, NDArray band, LocalResponseNormalization lrn) {
    NDArray sum = Conv2d.conv2d(x.square(), band).singletonOrThrow().add((float) lrn.k());
    NDArray root = sum.sqrt();
    return x.div(root.mul(root.sqrt()));
  }
}
