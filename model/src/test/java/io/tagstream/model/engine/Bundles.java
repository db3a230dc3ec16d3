package io.tagstream.model.engine;

import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.onnx.OnnxWriter;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Preprocessing.ChannelOrder;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Bundles and pixels for tests. */
public final class Bundles {
  private Bundles() {}

  /** Writes the only file of a bundle that engines read, the ONNX file. */
  public static ModelBundle write(Weights weights, Path folder) {
    ModelBundle bundle = of(weights.network(), folder);
    try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(bundle.onnx()))) {
      OnnxWriter.write(weights, file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bundle;
  }

  /** A bundle whose channels all differ in mean and deviation, so that a swap shows. */
  public static ModelBundle of(NetworkDescription network, Path folder) {
    int side = network.inputSize();
    Preprocessing preprocessing =
        new Preprocessing(
            Math.max(256, side),
            side,
            ChannelOrder.BGR,
            1 / 255.0,
            List.of(0.41, 0.45, 0.48),
            List.of(0.22, 0.23, 0.26));
    List<String> labels =
        IntStream.range(0, network.classes()).mapToObj(i -> "class-" + i).toList();
    return new ModelBundle("test", folder, network, preprocessing, labels);
  }

  /**
   * Random pixels, one array {@code [views][S][S][3]} per image. Each view is its own coarse
   * pattern with noise: a network gives the same output for pure noise of any seed.
   */
  public static List<byte[]> images(NetworkDescription network, int count, int views, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, count)
        .mapToObj(i -> image(network.inputSize(), views, random))
        .toList();
  }

  private static byte[] image(int side, int views, Random random) {
    byte[] image = new byte[views * side * side * 3];
    random.nextBytes(image);
    int cells = 6;
    for (int view = 0; view < views; view++) {
      byte[] pattern = new byte[cells * cells * 3];
      random.nextBytes(pattern);
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          int cell = row * cells / side * cells + column * cells / side;
          for (int color = 0; color < 3; color++) {
            int at = ((view * side + row) * side + column) * 3 + color;
            int noise = (image[at] & 0xff) / 4;
            image[at] = (byte) ((pattern[cell * 3 + color] & 0xff) * 3 / 4 + noise);
          }
        }
      }
    }
    return image;
  }

  /** A view's pixels as the network's input: {@code [channel][row][column]}. */
  static double[][][] normalized(ModelBundle bundle, byte[] image, int view) {
    Preprocessing preprocessing = bundle.preprocessing();
    int side = preprocessing.crop();
    double[][][] maps = new double[3][side][side];
    for (int channel = 0; channel < 3; channel++) {
      int color = preprocessing.channelOrder() == ChannelOrder.RGB ? channel : 2 - channel;
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          int pixel = image[((view * side + row) * side + column) * 3 + color] & 0xff;
          maps[channel][row][column] =
              (pixel * preprocessing.scale() - preprocessing.mean().get(channel))
                  / preprocessing.deviation().get(channel);
        }
      }
    }
    return maps;
  }
}
