package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC1;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_COLOR_RGB;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION;

import io.tagstream.model.image.CodecFile.Part;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Strips or tiles that are JPEGs. The tables that the TIFF stores elsewhere are put before each,
 * and the result is checked like any other JPEG. Rows are RGB, or grey if a piece has one sample.
 */
final class TiffJpeg implements TiffRows {
  /** A JPEG's last blocks may extend beyond a strip or tile by this many pixels. */
  private static final int BLOCKS = 16;

  private final TiffJpegStream stream;
  private final int width;
  private final int height;
  private final boolean grey;
  private Mat image = new Mat();
  private byte[] rgb = new byte[0];
  private int row;

  /**
   * @param width columns of each strip or tile
   * @param height rows of each; the last strip may have fewer
   */
  TiffJpeg(TiffJpegStream stream, int width, int height, boolean grey) {
    this.stream = stream;
    this.width = width;
    this.height = height;
    this.grey = grey;
  }

  @Override
  public void start(int from, int length, long size) throws UnreadableImageException {
    int rows = (int) (size / ((grey ? 1L : 3L) * width));
    try {
      decode(JpegFile.open(stream.of(from, length, rows)), rows);
    } catch (UnreadableImageException e) {
      throw new UnreadableImageException(e.stage(), inTiff(e.reason()), e);
    }
    row = 0;
  }

  private static String inTiff(String reason) {
    return reason
        .replaceFirst("^(broken|unsupported) JPEG: ", "$1 TIFF: JPEG data, ")
        .replaceFirst("^the JPEG", "broken TIFF: its JPEG data");
  }

  private void decode(JpegFile jpeg, int rows) throws UnreadableImageException {
    ImageHeader header = jpeg.header();
    if (header.width() < width
        || header.width() > width + BLOCKS
        || header.height() < rows
        || header.height() > height + BLOCKS) {
      throw ImageFile.broken(
          TIFF,
          "JPEG data of %d x %d pixels in a strip or tile of %d x %d"
              .formatted(header.width(), header.height(), width, rows));
    }
    jpeg.checkWhole();
    int length = jpeg.parts().stream().mapToInt(Part::length).sum();
    try (BytePointer input = new BytePointer(length)) {
      long at = 0;
      for (Part part : jpeg.parts()) {
        input.position(at).put(part.source().array(), part.from(), part.length());
        at += part.length();
      }
      image.close();
      try (Mat bytes = new Mat(1, length, CV_8UC1, input.position(0))) {
        image = opencv_imgcodecs.imdecode(bytes, IMREAD_COLOR_RGB | IMREAD_IGNORE_ORIENTATION);
      }
    }
    if (image.cols() != header.width() || image.rows() != header.height()) {
      throw ImageFile.broken(TIFF, "JPEG data cannot be decoded");
    }
    rgb = new byte[3 * header.width()];
    take(header.height() - 1);
    int last = rgb.length - 3;
    jpeg.checkBlocks(
        (rgb[last] & 0xff) << 16 | (rgb[last + 1] & 0xff) << 8 | (rgb[last + 2] & 0xff));
  }

  private void take(int row) {
    image.ptr(row).get(rgb);
  }

  @Override
  public void next(byte[] into) throws UnreadableImageException {
    if (row == image.rows()) {
      throw TiffRows.endsEarly("JPEG data");
    }
    take(row++);
    if (!grey) {
      System.arraycopy(rgb, 0, into, 0, 3 * width);
      return;
    }
    for (int x = 0; x < width; x++) {
      into[x] = rgb[3 * x];
    }
  }

  @Override
  public void close() {
    image.close();
  }
}
