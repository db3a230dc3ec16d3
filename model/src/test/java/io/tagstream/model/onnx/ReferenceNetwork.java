package io.tagstream.model.onnx;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/** The network as the paper's formulas write it, one number at a time, in double precision. */
final class ReferenceNetwork {

  /**
   * What the network answers.
   *
   * @param features of the layer before the last
   */
  record Answer(List<Double> probabilities, List<Double> features) {}

  private ReferenceNetwork() {}

  /**
   * Answers for one image.
   *
   * @param image {@code [3][S][S]}
   */
  static Answer answer(Weights weights, float[] image) {
    NetworkDescription network = weights.network();
    int side = network.inputSize();
    double[][][] maps = new double[NetworkDescription.INPUT_CHANNELS][side][side];
    for (int i = 0; i < image.length; i++) {
      maps[i / (side * side)][i / side % side][i % side] = image[i];
    }
    for (Convolution layer : network.convolutions()) {
      maps = convolve(layer, weights, maps);
    }
    double[] values = flatten(maps);
    double[] features = {};
    for (Dense layer : network.dense()) {
      features = values;
      values = multiply(layer, weights, values);
    }
    return new Answer(boxed(softmax(values)), boxed(features));
  }

  private static List<Double> boxed(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static double[][][] convolve(Convolution layer, Weights weights, double[][][] in) {
    FloatBuffer weight = weights.get(layer.name() + ".weight");
    FloatBuffer bias = weights.get(layer.name() + ".bias");
    int side = layer.convolvedSide(in[0].length);
    int inputs = in.length / layer.groups();
    int kernel = layer.kernel();
    double[][][] out = new double[layer.channels()][side][side];
    for (int channel = 0; channel < layer.channels(); channel++) {
      int first = channel / (layer.channels() / layer.groups()) * inputs;
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          double sum = bias.get(channel);
          for (int i = 0; i < inputs * kernel * kernel; i++) {
            int y = row * layer.stride() - layer.padding() + i / kernel % kernel;
            int x = column * layer.stride() - layer.padding() + i % kernel;
            if (y >= 0 && y < in[0].length && x >= 0 && x < in[0].length) {
              sum +=
                  weight.get(channel * inputs * kernel * kernel + i)
                      * in[first + i / (kernel * kernel)][y][x];
            }
          }
          out[channel][row][column] = activate(layer.activation(), sum);
        }
      }
    }
    double[][][] normalized = layer.normalization().map(lrn -> normalize(lrn, out)).orElse(out);
    return layer.pool().map(pool -> pool(pool, normalized)).orElse(normalized);
  }

  private static double[][][] normalize(LocalResponseNormalization lrn, double[][][] in) {
    int part = in.length / lrn.scope().parts();
    int side = in[0].length;
    double[][][] out = new double[in.length][side][side];
    for (int channel = 0; channel < in.length; channel++) {
      for (int i = 0; i < side * side; i++) {
        double sum = 0;
        for (int j = channel - lrn.size() / 2; j <= channel + lrn.size() / 2; j++) {
          if (j >= 0 && j < in.length && j / part == channel / part) {
            sum += in[j][i / side][i % side] * in[j][i / side][i % side];
          }
        }
        out[channel][i / side][i % side] =
            in[channel][i / side][i % side] / Math.pow(lrn.k() + lrn.alpha() * sum, lrn.beta());
      }
    }
    return out;
  }

  private static double[][][] pool(MaxPool pool, double[][][] in) {
    int side = pool.outputSide(in[0].length);
    double[][][] out = new double[in.length][side][side];
    for (int channel = 0; channel < in.length; channel++) {
      for (int i = 0; i < side * side; i++) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < pool.size() * pool.size(); j++) {
          int y = i / side * pool.stride() + j / pool.size();
          int x = i % side * pool.stride() + j % pool.size();
          if (y < in[0].length && x < in[0].length) {
            largest = Math.max(largest, in[channel][y][x]);
          }
        }
        out[channel][i / side][i % side] = largest;
      }
    }
    return out;
  }

  private static double[] flatten(double[][][] maps) {
    int side = maps[0].length;
    double[] values = new double[maps.length * side * side];
    for (int i = 0; i < values.length; i++) {
      values[i] = maps[i / (side * side)][i / side % side][i % side];
    }
    return values;
  }

  private static double[] multiply(Dense layer, Weights weights, double[] in) {
    FloatBuffer weight = weights.get(layer.name() + ".weight");
    FloatBuffer bias = weights.get(layer.name() + ".bias");
    double[] out = new double[layer.units()];
    for (int unit = 0; unit < out.length; unit++) {
      double sum = bias.get(unit);
      for (int i = 0; i < in.length; i++) {
        sum += weight.get(unit * in.length + i) * in[i];
      }
      out[unit] = activate(layer.activation(), sum);
    }
    return out;
  }

  private static double activate(Activation activation, double sum) {
    return switch (activation) {
      case RELU -> Math.max(0, sum);
      case TANH -> Math.tanh(sum);
      case IDENTITY -> sum;
    };
  }

  private static double[] softmax(double[] logits) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - largest);
    }
    double[] probabilities = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = Math.exp(logits[i] - largest) / sum;
    }
    return probabilities;
  }
}
