package io.tagstream.model.image;

import static org.bytedeco.opencv.global.opencv_core.CV_16U;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC3;

import io.tagstream.model.image.CodecFile.Alpha;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Lays a picture with an alpha channel over white. Row by row, so that a large picture is never on
 * the Java heap.
 */
final class AlphaOverWhite {
  private final Mat source;
  private final Alpha alpha;
  private final boolean wide;

  /** The largest value of a sample. */
  private final int max;

  /** One row, widened. */
  private final int[] samples;

  private AlphaOverWhite(Mat source, Alpha alpha) {
    this.source = source;
    this.alpha = alpha;
    wide = source.depth() == CV_16U;
    max = wide ? 0xffff : 0xff;
    samples = new int[source.cols() * source.channels()];
  }

  /**
   * Blends a whole picture.
   *
   * @param source BGRA, or BGR or grey where the codec found every pixel opaque; 8 or 16 bits
   * @param rgb receives the picture, 8 bits
   */
  static void blend(Mat source, Alpha alpha, Mat rgb) {
    rgb.create(source.rows(), source.cols(), CV_8UC3);
    AlphaOverWhite blending = new AlphaOverWhite(source, alpha);
    byte[] row = new byte[source.cols() * 3];
    for (int y = 0; y < source.rows(); y++) {
      blending.load(y);
      blending.blendRow(row);
      rgb.ptr(y).put(row);
    }
  }

  private void load(int y) {
    if (wide) {
      short[] row = new short[samples.length];
      new ShortPointer(source.ptr(y)).get(row);
      for (int i = 0; i < row.length; i++) {
        samples[i] = row[i] & 0xffff;
      }
    } else {
      byte[] row = new byte[samples.length];
      source.ptr(y).get(row);
      for (int i = 0; i < row.length; i++) {
        samples[i] = row[i] & 0xff;
      }
    }
  }

  private void blendRow(byte[] rgb) {
    int channels = source.channels();
    for (int pixel = 0, at = 0; at < samples.length; pixel++, at += channels) {
      int opacity = channels == 4 ? samples[at + 3] : max;
      for (int c = 0; c < 3; c++) {
        int color = samples[channels >= 3 ? at + 2 - c : at];
        rgb[pixel * 3 + c] = (byte) overWhite(color, opacity);
      }
    }
  }

  /** A colour over white, 0 to 255, rounded. */
  private int overWhite(int color, int opacity) {
    long full = (long) max * max;
    long share = (long) color * (alpha == Alpha.PREMULTIPLIED ? max : opacity);
    long sum = Math.min(full, share + (long) max * (max - opacity));
    return (int) ((sum * 255 + full / 2) / full);
  }
}
