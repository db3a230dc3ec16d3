package io.tagstream.model.report;

import io.tagstream.model.image.RgbImage;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing.ChannelOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One tower's kernels in the first convolution, drawn as one picture; the paper's figure 3 shows 48
 * kernels of each GPU in three rows. Grey is 0. A full channel, on either side of grey, is the
 * magnitude that 99.5 % of the tower's weights do not exceed, so that a few strong kernels do not
 * make the others invisible.
 *
 * @param kernels the number of kernels
 * @param full the weight that is drawn as a full channel; 0 if all weights are 0
 */
record KernelSheet(RgbImage image, int kernels, double full) {
  static final int COLUMNS = 16;

  /** The gap between kernels and around them, in pixels. */
  static final int GAP = 4;

  /** Dark on light and dark pages. */
  private static final byte GAP_COLOR = 24;

  /** The approximate side of a kernel in the picture, in pixels. */
  private static final int SIDE = 44;

  private static final double USUAL = 0.995;

  private static final int ZERO = 128;
  private static final int FULL = 127;

  /** One sheet per tower; there are as many towers as the second convolution has groups. */
  static List<KernelSheet> of(Weights weights, ChannelOrder order) {
    NetworkDescription network = weights.network();
    List<Convolution> layers = network.convolutions();
    Convolution first = layers.get(0);
    int towers = layers.size() > 1 ? layers.get(1).groups() : 1;
    int kernels = first.channels() / towers;
    int depth = NetworkDescription.INPUT_CHANNELS / first.groups();
    FloatBuffer values = weights.get(first.name() + ".weight");
    float[] all = new float[values.remaining()];
    values.get(all);
    int numbers = kernels * depth * first.kernel() * first.kernel();
    return IntStream.range(0, towers)
        .mapToObj(
            tower ->
                sheet(
                    Arrays.copyOfRange(all, tower * numbers, (tower + 1) * numbers),
                    kernels,
                    depth,
                    first.kernel(),
                    order))
        .toList();
  }

  /**
   * @param weights {@code [kernels][depth][side][side]}
   * @param depth 3, or 1 if each kernel sees a single channel, which is drawn in grey
   */
  private static KernelSheet sheet(
      float[] weights, int kernels, int depth, int side, ChannelOrder order) {
    int scale = Math.max(1, SIDE / side);
    int step = side * scale + GAP;
    int columns = Math.min(kernels, COLUMNS);
    int rows = (kernels + columns - 1) / columns;
    int width = columns * step + GAP;
    int height = rows * step + GAP;
    byte[] pixels = new byte[width * height * 3];
    Arrays.fill(pixels, GAP_COLOR);
    double full = full(weights);
    for (int kernel = 0; kernel < kernels; kernel++) {
      int left = GAP + kernel % columns * step;
      int top = GAP + kernel / columns * step;
      for (int y = 0; y < side * scale; y++) {
        for (int x = 0; x < side * scale; x++) {
          for (int color = 0; color < 3; color++) {
            int channel = order == ChannelOrder.BGR ? 2 - color : color;
            int at = ((kernel * depth + channel % depth) * side + y / scale) * side + x / scale;
            double shade = full == 0 ? 0 : Math.max(-1, Math.min(1, weights[at] / full));
            pixels[((top + y) * width + left + x) * 3 + color] =
                (byte) Math.round(ZERO + FULL * shade);
          }
        }
      }
    }
    return new KernelSheet(new RgbImage(width, height, pixels), kernels, full);
  }

  private static double full(float[] weights) {
    float[] sizes = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      sizes[i] = Math.abs(weights[i]);
    }
    Arrays.sort(sizes);
    float usual = sizes[(int) Math.ceil(USUAL * sizes.length) - 1];
    return usual > 0 ? usual : sizes[sizes.length - 1];
  }
}
