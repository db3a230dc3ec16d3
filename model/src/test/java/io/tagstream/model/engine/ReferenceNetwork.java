package io.tagstream.model.engine;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;

/**
 * A direct implementation of the formulas, in double precision and on one thread. It is slow and
 * shares no code with the engines that it checks. Feature maps are {@code [channel][row][column]}.
 */
public final class ReferenceNetwork {
  private final NetworkDescription network;
  private final Weights weights;

  public ReferenceNetwork(Weights weights) {
    this.network = weights.network();
    this.weights = weights;
  }

  public double[] probabilities(double[][][] image) {
    double[] logits = dense(network.dense().get(network.dense().size() - 1), features(image));
    double largest = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      largest = Math.max(largest, logit);
    }
    double total = 0;
    for (int i = 0; i < logits.length; i++) {
      logits[i] = Math.exp(logits[i] - largest);
      total += logits[i];
    }
    for (int i = 0; i < logits.length; i++) {
      logits[i] /= total;
    }
    return logits;
  }

  public double[] features(double[][][] image) {
    double[][][] maps = image;
    for (Convolution layer : network.convolutions()) {
      maps = convolve(layer, maps);
      if (layer.normalization().isPresent()) {
        maps = normalize(layer.normalization().get(), maps);
      }
      if (layer.pool().isPresent()) {
        maps = pool(layer.pool().get(), maps);
      }
    }
    double[] values = new double[maps.length * maps[0].length * maps[0].length];
    int at = 0;
    for (double[][] map : maps) {
      for (double[] row : map) {
        for (double value : row) {
          values[at++] = value;
        }
      }
    }
    for (Dense layer : network.dense().subList(0, network.dense().size() - 1)) {
      values = dense(layer, values);
    }
    return values;
  }

  private double[][][] convolve(Convolution layer, double[][][] maps) {
    FloatBuffer kernels = weights.get(layer.name() + ".weight");
    FloatBuffer biases = weights.get(layer.name() + ".bias");
    int inputs = maps.length / layer.groups();
    int outputs = layer.channels() / layer.groups();
    int side = layer.convolvedSide(maps[0].length);
    double[][][] result = new double[layer.channels()][side][side];
    for (int channel = 0; channel < layer.channels(); channel++) {
      int firstInput = channel / outputs * inputs;
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          double sum = biases.get(channel);
          for (int input = 0; input < inputs; input++) {
            for (int i = 0; i < layer.kernel(); i++) {
              for (int j = 0; j < layer.kernel(); j++) {
                int y = row * layer.stride() + i - layer.padding();
                int x = column * layer.stride() + j - layer.padding();
                if (y >= 0 && x >= 0 && y < maps[0].length && x < maps[0].length) {
                  int at = ((channel * inputs + input) * layer.kernel() + i) * layer.kernel() + j;
                  sum += kernels.get(at) * maps[firstInput + input][y][x];
                }
              }
            }
          }
          result[channel][row][column] = activate(layer.activation(), sum);
        }
      }
    }
    return result;
  }

  static double[][][] normalize(LocalResponseNormalization lrn, double[][][] maps) {
    int part = maps.length / lrn.scope().parts();
    double[][][] result = new double[maps.length][maps[0].length][maps[0].length];
    for (int channel = 0; channel < maps.length; channel++) {
      for (int row = 0; row < maps[0].length; row++) {
        for (int column = 0; column < maps[0].length; column++) {
          double squares = 0;
          for (int other = channel - lrn.size() / 2; other <= channel + lrn.size() / 2; other++) {
            if (other >= 0 && other < maps.length && other / part == channel / part) {
              squares += maps[other][row][column] * maps[other][row][column];
            }
          }
          result[channel][row][column] =
              maps[channel][row][column] / Math.pow(lrn.k() + lrn.alpha() * squares, lrn.beta());
        }
      }
    }
    return result;
  }

  private static double[][][] pool(MaxPool pool, double[][][] maps) {
    int side = pool.outputSide(maps[0].length);
    double[][][] result = new double[maps.length][side][side];
    for (int channel = 0; channel < maps.length; channel++) {
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          double largest = Double.NEGATIVE_INFINITY;
          for (int i = 0; i < pool.size(); i++) {
            for (int j = 0; j < pool.size(); j++) {
              int y = row * pool.stride() + i;
              int x = column * pool.stride() + j;
              if (y < maps[0].length && x < maps[0].length) {
                largest = Math.max(largest, maps[channel][y][x]);
              }
            }
          }
          result[channel][row][column] = largest;
        }
      }
    }
    return result;
  }

  private double[] dense(Dense layer, double[] inputs) {
    FloatBuffer matrix = weights.get(layer.name() + ".weight");
    FloatBuffer biases = weights.get(layer.name() + ".bias");
    double[] result = new double[layer.units()];
    for (int unit = 0; unit < layer.units(); unit++) {
      double sum = biases.get(unit);
      for (int i = 0; i < inputs.length; i++) {
        sum += matrix.get(unit * inputs.length + i) * inputs[i];
      }
      result[unit] = activate(layer.activation(), sum);
    }
    return result;
  }

  private static double activate(Activation activation, double value) {
    return switch (activation) {
      case RELU -> Math.max(0, value);
      case TANH -> Math.tanh(value);
      case IDENTITY -> value;
    };
  }
}
