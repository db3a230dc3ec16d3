package io.tagstream.model.image;

import static org.bytedeco.opencv.global.opencv_core.CV_16U;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC3;

import io.tagstream.model.image.CodecFile.Alpha;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Blends an image with transparency over white, row by row: a large image is never held on the Java
 * heap.
 */
final class AlphaOverWhite {
  private static final byte WHITE = (byte) 255;

  private final Mat source;
  private final CodecFile file;
  private final boolean wide;

  /** The largest value of a sample. */
  private final int max;

  // One row: its 8-bit or 16-bit samples, and the same widened to int.
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
   * Blends a whole image over white.
   *
   * @param source BGRA, or BGR or grey where the codec found every pixel opaque; 8 or 16 bits
   * @param file the file that {@code source} was decoded from
   * @param rgb receives the blended image, 8 bits
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

  /** Makes each pixel white whose samples equal the transparent colour in all bits. */
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

  /** Scales a sample to 0 to 255, rounded. */
  private byte opaque(int color) {
    return (byte) (wide ? (color * 255 + 0x7fff) / 0xffff : color);
  }

  /** Blends a sample over white and scales it to 0 to 255, rounded. */
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
