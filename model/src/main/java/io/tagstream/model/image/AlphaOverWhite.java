package io.tagstream.model.image;

import static org.bytedeco.opencv.global.opencv_core.CV_16U;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC3;

import io.tagstream.model.image.CodecFile.Alpha;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Lays a picture with transparency over white. Row by row, so that a large picture is never on the
 * Java heap.
 */
final class AlphaOverWhite {
  private static final byte WHITE = (byte) 255;

  private final Mat source;
  private final CodecFile file;
  private final boolean wide;

  /** The largest value of a sample. */
  private final int max;

  // One row as it is, of eight or of sixteen bits, and widened.
  private final byte[] bytes;
  private final short[] shorts;
  private final int[] samples;

  private AlphaOverWhite(Mat source, CodecFile file) {
    this.source = source;
    this.file = file;
    wide = source.depth() == CV_16U;
    max = wide ? 0xffff : 0xff;
    samples = new int[source.cols() * source.channels()];
    bytes = new byte[wide ? 0 : samples.length];
    shorts = new short[wide ? samples.length : 0];
  }

  /**
   * Blends a whole picture.
   *
   * @param source BGRA, or BGR or grey where the codec found every pixel opaque; 8 or 16 bits
   * @param file whose picture it is
   * @param rgb receives the picture, 8 bits
   */
  static void blend(Mat source, CodecFile file, Mat rgb) {
    rgb.create(source.rows(), source.cols(), CV_8UC3);
    AlphaOverWhite blending = new AlphaOverWhite(source, file);
    byte[] row = new byte[source.cols() * 3];
    for (int y = 0; y < source.rows(); y++) {
      blending.load(y);
      if (file.alpha() == Alpha.COLOR_KEY) {
        blending.cutOut(row);
      } else {
        blending.blendRow(row);
      }
      rgb.ptr(y).put(row);
    }
  }

  private void load(int y) {
    if (wide) {
      new ShortPointer(source.ptr(y)).get(shorts);
      for (int i = 0; i < shorts.length; i++) {
        samples[i] = shorts[i] & 0xffff;
      }
    } else {
      source.ptr(y).get(bytes);
      for (int i = 0; i < bytes.length; i++) {
        samples[i] = bytes[i] & 0xff;
      }
    }
  }

  /** Makes the pixels white that have the transparent colour in all bits. */
  private void cutOut(byte[] rgb) {
    int channels = source.channels();
    int[] key = file.colorKey();
    for (int pixel = 0, at = 0; at < samples.length; pixel++, at += channels) {
      boolean transparent = true;
      for (int c = 0; c < key.length; c++) {
        transparent &= samples[at + key.length - 1 - c] == key[c];
      }
      for (int c = 0; c < 3; c++) {
        int color = samples[channels >= 3 ? at + 2 - c : at];
        rgb[pixel * 3 + c] = transparent ? WHITE : opaque(color);
      }
    }
  }

  private void blendRow(byte[] rgb) {
    int channels = source.channels();
    for (int pixel = 0, at = 0; at < samples.length; pixel++, at += channels) {
      int opacity = channels == 4 ? samples[at + 3] : max;
      for (int c = 0; c < 3; c++) {
        int color = samples[channels >= 3 ? at + 2 - c : at];
        rgb[pixel * 3 + c] = opacity == max ? opaque(color) : overWhite(color, opacity);
      }
    }
  }

  /** A colour as 0 to 255, rounded. */
  private byte opaque(int color) {
    return (byte) (wide ? (color * 255 + 0x7fff) / 0xffff : color);
  }

  /** A colour over white, 0 to 255, rounded. */
  private byte overWhite(int color, int opacity) {
    if (opacity == 0 && file.alpha() == Alpha.STRAIGHT) {
      return WHITE;
    }
    long full = (long) max * max;
    long share = (long) color * (file.alpha() == Alpha.PREMULTIPLIED ? max : opacity);
    long sum = Math.min(full, share + (long) max * (max - opacity));
    return (byte) ((sum * 255 + full / 2) / full);
  }
}
