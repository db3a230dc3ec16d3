package io.tagstream.model.image;

import static org.bytedeco.opencv.global.opencv_core.CV_8UC3;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMWRITE_JPEG_QUALITY;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMWRITE_PNG_COMPRESSION;
import static org.bytedeco.opencv.global.opencv_imgproc.COLOR_RGB2BGR;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;

/** Encodes images as files. */
public final class ImageEncoder {
  private ImageEncoder() {}

  /**
   * A baseline JPEG.
   *
   * @param quality 0 to 100
   */
  public static byte[] jpeg(RgbImage image, int quality) {
    return encode(image, ".jpg", IMWRITE_JPEG_QUALITY, quality);
  }

  /** An 8-bit RGB PNG at the highest compression level. */
  public static byte[] png(RgbImage image) {
    return encode(image, ".png", IMWRITE_PNG_COMPRESSION, 9);
  }

  private static byte[] encode(RgbImage image, String extension, int... parameters) {
    try (BytePointer pixels = new BytePointer(image.pixels());
        Mat rgb = new Mat(image.height(), image.width(), CV_8UC3, pixels);
        Mat bgr = new Mat();
        IntPointer settings = new IntPointer(parameters);
        BytePointer bytes = new BytePointer()) {
      opencv_imgproc.cvtColor(rgb, bgr, COLOR_RGB2BGR);
      if (!opencv_imgcodecs.imencode(extension, bgr, bytes, settings)) {
        throw new IllegalStateException("OpenCV was built without a writer of " + extension);
      }
      byte[] encoded = new byte[Math.toIntExact(bytes.limit())];
      bytes.get(encoded);
      return encoded;
    }
  }
}
