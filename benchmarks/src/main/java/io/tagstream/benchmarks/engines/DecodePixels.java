package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * Measures how far decoded pixels are from those that OpenCV decodes at full size: the mean
 * absolute difference over the task's photos, in levels of 0 to 255. Crops are compared with
 * OpenCV's image after the area filter, which averages the area that a pixel covers, has resized
 * it.
 */
public final class DecodePixels implements Probe {
  public static final String CROPS = "crops";
  public static final String IMAGE_IO = "ImageIO";

  /** Share of the photos that ImageIO can read. */
  public static final String IMAGE_IO_READS = "share that ImageIO reads";

  /** Sums over all images. */
  private static final class Difference {
    private long sum;
    private long values;
    private int images;

    void add(byte[] some, byte[] others) {
      for (int i = 0; i < some.length; i++) {
        sum += Math.abs((some[i] & 0xff) - (others[i] & 0xff));
      }
      values += some.length;
      images++;
    }

    double mean() {
      return (double) sum / values;
    }
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    Preprocessing wanted = new ModelStore(Path.of(task.models())).openLive().preprocessing();
    Difference crops = new Difference();
    Difference imageIo = new Difference();
    try (ImageDecoder ours =
        new ImageDecoder(wanted.resize(), wanted.crop(), Views.CENTER, DecodeLimits.DEFAULT)) {
      for (byte[] photo : task.encoded()) {
        try (Mat upright = decode(photo, opencv_imgcodecs.IMREAD_COLOR_RGB);
            Mat stored =
                decode(
                    photo,
                    opencv_imgcodecs.IMREAD_COLOR_RGB
                        | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION)) {
          crops.add(ours.decode(photo), crop(upright, wanted));
          Optional<byte[]> read = imageIo(photo);
          if (read.isPresent()) {
            imageIo.add(read.get(), bytes(stored));
          }
        }
      }
    }
    return Map.of(
        CROPS,
        crops.mean(),
        IMAGE_IO,
        imageIo.mean(),
        IMAGE_IO_READS,
        (double) imageIo.images / crops.images);
  }

  private static Mat decode(byte[] photo, int flags) {
    try (BytePointer bytes = new BytePointer(photo);
        Mat encoded = new Mat(1, photo.length, opencv_core.CV_8UC1, bytes)) {
      return opencv_imgcodecs.imdecode(encoded, flags);
    }
  }

  /** Resizes the central square with the area filter, and crops its centre. */
  private static byte[] crop(Mat image, Preprocessing wanted) {
    int side = Math.min(image.cols(), image.rows());
    int margin = (wanted.resize() - wanted.crop()) / 2;
    try (Rect central = new Rect((image.cols() - side) / 2, (image.rows() - side) / 2, side, side);
        Mat square = new Mat(image, central);
        Size size = new Size(wanted.resize(), wanted.resize());
        Mat resized = new Mat();
        Rect centre = new Rect(margin, margin, wanted.crop(), wanted.crop())) {
      opencv_imgproc.resize(square, resized, size, 0, 0, opencv_imgproc.INTER_AREA);
      try (Mat crop = new Mat(resized, centre)) {
        return bytes(crop);
      }
    }
  }

  /** The pixels without padding. */
  private static byte[] bytes(Mat image) {
    try (Mat whole = image.clone()) {
      byte[] pixels = new byte[whole.rows() * whole.cols() * 3];
      whole.data().get(pixels);
      return pixels;
    }
  }

  private static Optional<byte[]> imageIo(byte[] photo) {
    BufferedImage image;
    try {
      image = ImageIO.read(new ByteArrayInputStream(photo));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
    if (image == null) {
      return Optional.empty();
    }
    byte[] pixels = new byte[image.getHeight() * image.getWidth() * 3];
    int at = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int rgb = image.getRGB(x, y);
        for (int shift = 16; shift >= 0; shift -= 8) {
          pixels[at++] = (byte) (rgb >> shift);
        }
      }
    }
    return Optional.of(pixels);
  }
}
