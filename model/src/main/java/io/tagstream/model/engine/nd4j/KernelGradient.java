package io.tagstream.model.engine.nd4j;

import static org.nd4j.linalg.indexing.NDArrayIndex.all;
import static org.nd4j.linalg.indexing.NDArrayIndex.interval;

import io.tagstream.model.engine.Workers;
import io.tagstream.model.network.Convolution;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of a convolution by its kernels alone, for the lowest layer that trains: what each
 * position sees as a row, times the slopes, summed in the product. ND4J's ops compute the gradient
 * by the input as well, for which nobody asks there; for the paper's first layer this takes half of
 * the best one's time and a sixth of {@code conv2d_bp}'s.
 */
final class KernelGradient implements AutoCloseable {
  private final Convolution layer;
  private final INDArray input;
  private final int inputSide;
  private final int inputChannels;
  private final int side;
  private final List<INDArray> sums;
  private final Workers workers;

  /** {@code [positions][kernel * kernel * input channels of a group]}. */
  private final INDArray patches;

  private final float[][] lines;
  private final float[][] rows;
  private final INDArray slopes;
  private final Map<Product, Step> products = new HashMap<>();

  private record Product(int crop, int group, boolean first) {}

  /**
   * A layer's.
   *
   * @param input what came into it
   * @param slopes by its sums, {@code [chunk][side][side][channels]}
   * @param sums by group, the kernels' gradient
   */
  KernelGradient(
      Convolution layer, INDArray input, INDArray slopes, List<INDArray> sums, Workers workers) {
    this.layer = layer;
    this.input = input;
    this.sums = sums;
    this.workers = workers;
    inputSide = (int) input.size(1);
    inputChannels = (int) input.size(3);
    side = layer.convolvedSide(inputSide);
    int length = Math.toIntExact(patchNumbers(layer, inputChannels));
    patches = DirectWeights.allocate((long) side * side, length);
    lines = new float[workers.count()][inputSide * inputChannels];
    rows = new float[workers.count()][side * length];
    this.slopes = slopes.reshape('c', slopes.size(0) * side * side, layer.channels());
  }

  /** What one position of one group sees. */
  static long patchNumbers(Convolution layer, int inputChannels) {
    return (long) layer.kernel() * layer.kernel() * inputChannels / layer.groups();
  }

  /**
   * Adds a chunk's.
   *
   * @param at the first crop's position in the input
   * @param first whether the sums begin with it
   */
  void add(int at, int size, boolean first) {
    for (int crop = 0; crop < size; crop++) {
      int image = at + crop;
      for (int group = 0; group < layer.groups(); group++) {
        int part = group;
        workers.run(side, (worker, row) -> fillRow(image, part, row, worker));
        products.computeIfAbsent(new Product(crop, group, first && crop == 0), this::product).run();
      }
    }
  }

  private void fillRow(int image, int group, int row, int worker) {
    FloatBuffer from = DirectWeights.buffer(input);
    float[] line = lines[worker];
    float[] to = rows[worker];
    int kernel = layer.kernel();
    int channels = inputChannels / layer.groups();
    int length = kernel * kernel * channels;
    for (int y = 0; y < kernel; y++) {
      int inputRow = row * layer.stride() - layer.padding() + y;
      boolean inside = inputRow >= 0 && inputRow < inputSide;
      if (inside) {
        from.get((image * inputSide + inputRow) * line.length, line);
      }
      for (int column = 0; column < side; column++) {
        int first = column * layer.stride() - layer.padding();
        int target = column * length + y * kernel * channels;
        if (!inside) {
          Arrays.fill(to, target, target + kernel * channels, 0);
        } else if (layer.groups() == 1 && first >= 0 && first + kernel <= inputSide) {
          System.arraycopy(line, first * channels, to, target, kernel * channels);
        } else {
          fillPixels(line, first, group * channels, channels, to, target);
        }
      }
    }
    DirectWeights.buffer(patches).put(row * to.length, to);
  }

  /** A kernel's row, pixel by pixel, with zeros beside the image. */
  private void fillPixels(
      float[] line, int firstColumn, int firstChannel, int channels, float[] to, int target) {
    for (int x = 0; x < layer.kernel(); x++) {
      int column = firstColumn + x;
      int at = target + x * channels;
      if (column < 0 || column >= inputSide) {
        Arrays.fill(to, at, at + channels, 0);
      } else {
        System.arraycopy(line, column * inputChannels + firstChannel, to, at, channels);
      }
    }
  }

  private Step product(Product product) {
    long positions = (long) side * side;
    long width = layer.channels() / layer.groups();
    INDArray ofCrop =
        layer.groups() == 1
            ? slopes.get(
                interval(product.crop() * positions, (product.crop() + 1) * positions), all())
            : slopes.get(
                interval(product.crop() * positions, (product.crop() + 1) * positions),
                interval(product.group() * width, (product.group() + 1) * width));
    INDArray sum = sums.get(product.group());
    return Step.productOfTransposed(
        patches, ofCrop, sum.reshape('c', patches.size(1), width), !product.first());
  }

  @Override
  public void close() {
    products.clear();
    patches.close();
  }
}
