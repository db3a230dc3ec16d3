package io.tagstream.model.image;

import static org.bytedeco.opencv.global.opencv_core.CV_32F;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC1;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC3;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_COLOR_RGB;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_2;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_4;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_8;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_UNCHANGED;

import io.tagstream.model.image.CodecFile.Alpha;
import io.tagstream.model.image.CodecFile.Part;
import io.tagstream.model.image.CodecFile.Placement;
import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * Decodes the pixels of files that have been checked. Exceptions of OpenCV become {@link
 * UnreadableImageException}.
 *
 * <p>Not thread-safe: it reuses its native buffers, which {@link #close()} frees. OpenCV's own
 * threads are switched off; parallelism comes from several decoders.
 */
final class PixelDecoder implements AutoCloseable {
  /** Buffers larger than this are not kept for the next image. */
  private static final long KEPT_BYTES = 4 << 20;

  private static final int CHANNELS = 3;

  /** The rows, tables and encoded bytes of a typical image. */
  private static final long CODEC_BYTES = 1 << 20;

  private static final int NO_REDUCTION = 1;
  private static final String OPENCV_ERROR = "error: ";

  static {
    opencv_core.setNumThreads(1);
  }

  private final int resize;
  private final int crop;
  private final Views views;
  private final RgbImage patch;
  private final Size target = new Size();
  private final Rect region = new Rect();
  private final Mat decoded = new Mat();
  private final Mat withAlpha = new Mat();

  /** A frame that covers less than the canvas. */
  private final Mat frame = new Mat();

  private final Mat transposed = new Mat();
  private final Mat scaled = new Mat();
  private final Mat upright = new Mat();
  private final Mat recolored = new Mat();
  private final Mat colorMatrix = new Mat(3, 4, CV_32F);
  private final List<Mat> buffers =
      List.of(decoded, withAlpha, frame, scaled, transposed, upright, recolored);
  private BytePointer input = new BytePointer(1 << 18);

  /** Parameters as in {@link ImageDecoder}. */
  PixelDecoder(int resize, int crop, Views views) {
    if (crop < 1 || resize < crop) {
      throw new IllegalArgumentException("resize %d must hold crop %d".formatted(resize, crop));
    }
    this.resize = resize;
    this.crop = crop;
    this.views = views;
    patch = new RgbImage(resize, resize, new byte[resize * resize * 3]);
  }

  /** The most memory that {@link #centre} and {@link #hashedCentre} hold, in bytes. */
  long centreBytes(ImageFile file) throws UnreadableImageException {
    return bytes(file, centreReduction(file.header()), (long) resize * resize);
  }

  /** The most memory that {@link #region} holds, in bytes. */
  long regionBytes(ImageFile file, Region chosen) throws UnreadableImageException {
    long pixels = (long) chosen.toWidth() * chosen.toHeight();
    return bytes(file, regionReduction(file.header(), chosen), pixels);
  }

  private static long bytes(ImageFile file, int reduction, long result)
      throws UnreadableImageException {
    ImageHeader header = file.header();
    long decoded = reduced(header.width(), reduction) * reduced(header.height(), reduction);
    long codec = Math.max(file.workingBytes(), CODEC_BYTES);
    // Five copies: scaled, transposed, turned, recoloured, and on the heap.
    return CHANNELS * decoded + codec + 5 * CHANNELS * result;
  }

  private static long reduced(int side, int reduction) {
    return (side + reduction - 1L) / reduction;
  }

  private int centreReduction(ImageHeader header) {
    return reduction(header, (double) Math.min(header.width(), header.height()) / resize);
  }

  private static int regionReduction(ImageHeader header, Region chosen) {
    double shrink =
        Math.min(chosen.width() / chosen.toWidth(), chosen.height() / chosen.toHeight());
    return reduction(header, shrink);
  }

  /** The views of the centre, {@code [views][S][S][3]}. */
  byte[] centre(ImageFile file) throws UnreadableImageException {
    try {
      read(file, centreReduction(file.header()));
      return centre(file.orientation());
    } catch (RuntimeException e) {
      throw codecFailed(file, e);
    } finally {
      trim();
    }
  }

  /** As {@link #centre(ImageFile)}, with the hash of the whole image. */
  HashedCrops hashedCentre(ImageFile file) throws UnreadableImageException {
    try {
      read(file, centreReduction(file.header()));
      byte[] crops = centre(file.orientation());
      byte[] small = new byte[DifferenceHash.HEIGHT * DifferenceHash.WIDTH * 3];
      scale(decoded, DifferenceHash.WIDTH, DifferenceHash.HEIGHT, file.orientation())
          .data()
          .get(small);
      return new HashedCrops(crops, DifferenceHash.of(small));
    } catch (RuntimeException e) {
      throw codecFailed(file, e);
    } finally {
      trim();
    }
  }

  /** A region of the upright image, with a colour change applied. */
  RgbImage region(ImageFile file, Region chosen, ColorChange colors)
      throws UnreadableImageException {
    try {
      read(file, regionReduction(file.header(), chosen));
      setRegion(chosen, file.header(), file.orientation());
      try (Mat part = new Mat(decoded, region)) {
        Mat resized =
            recolor(scale(part, chosen.toWidth(), chosen.toHeight(), file.orientation()), colors);
        byte[] pixels = new byte[chosen.toWidth() * chosen.toHeight() * 3];
        resized.data().get(pixels);
        return new RgbImage(resized.cols(), resized.rows(), pixels);
      }
    } catch (RuntimeException e) {
      throw codecFailed(file, e);
    } finally {
      trim();
    }
  }

  /** The views of {@link #decoded}'s central square. */
  private byte[] centre(Orientation orientation) {
    int side = Math.min(decoded.cols(), decoded.rows());
    // Scale the central square only.
    region.x(middle(decoded.cols() - side, orientation.storedXReversed()));
    region.y(middle(decoded.rows() - side, orientation.storedYReversed()));
    region.width(side).height(side);
    try (Mat square = new Mat(decoded, region)) {
      scale(square, resize, resize, orientation).data().get(patch.pixels());
      return views.cut(patch, crop);
    }
  }

  /** Sets {@link #region} to where a region of the upright image lies in {@link #decoded}. */
  private void setRegion(Region chosen, ImageHeader header, Orientation orientation) {
    boolean sideways = orientation.transpose();
    double x = sideways ? chosen.top() : chosen.left();
    double y = sideways ? chosen.left() : chosen.top();
    double width = sideways ? chosen.height() : chosen.width();
    double height = sideways ? chosen.width() : chosen.height();
    if (orientation.storedXReversed()) {
      x = header.width() - x - width;
    }
    if (orientation.storedYReversed()) {
      y = header.height() - y - height;
    }
    int[] columns = pixels(x, width, (double) decoded.cols() / header.width(), decoded.cols());
    int[] rows = pixels(y, height, (double) decoded.rows() / header.height(), decoded.rows());
    region.x(columns[0]).y(rows[0]).width(columns[1]).height(rows[1]);
  }

  /** The first pixel of a stretch and its number of pixels: at least one, within the image. */
  private static int[] pixels(double from, double length, double factor, int end) {
    int first = (int) Math.max(0, Math.min(end - 1, Math.round(from * factor)));
    int count = (int) Math.max(1, Math.min(end - first, Math.round(length * factor)));
    return new int[] {first, count};
  }

  /** Half of the pixels outside the square, rounded down in the upright image. */
  private static int middle(int spare, boolean reversed) {
    return reversed ? (spare + 1) / 2 : spare / 2;
  }

  /** Decodes into {@link #decoded}: RGB as stored, not turned upright. */
  private void read(ImageFile file, int reduction) throws UnreadableImageException {
    if (file instanceof RowFile rows) {
      readRows(rows);
    } else if (file instanceof CodecFile codec) {
      readCodec(codec, reduction);
    }
  }

  private void readRows(RowFile file) throws UnreadableImageException {
    int width = file.header().width();
    clear(file.header());
    BytePointer pixels = decoded.data();
    file.decode(
        (x, y, rgb, count) -> pixels.position(3L * ((long) y * width + x)).put(rgb, 0, 3 * count));
  }

  /** Makes {@link #decoded} a white canvas. */
  private void clear(ImageHeader canvas) {
    decoded.create(canvas.height(), canvas.width(), CV_8UC3);
    try (Scalar white = Scalar.all(255)) {
      decoded.put(white);
    }
  }

  private void readCodec(CodecFile file, int reduction) throws UnreadableImageException {
    Placement place = file.placement();
    boolean covers = place.covers(file.header());
    Mat image = covers ? decoded : frame;
    boolean alpha = file.alpha() != Alpha.NONE;
    Mat into = alpha ? withAlpha : image;
    int flags =
        alpha
            ? IMREAD_UNCHANGED
            : IMREAD_COLOR_RGB | IMREAD_IGNORE_ORIENTATION | reductionFlag(reduction);
    int length = fill(file);
    // On failure OpenCV returns an empty image and leaves the previous one in its target.
    try (Mat bytes = new Mat(1, length, CV_8UC1, input);
        Mat answer = opencv_imgcodecs.imdecode(bytes, flags, into)) {
      if (answer.empty()) {
        throw new UnreadableImageException(
            Stage.DECODE, "the %s's pixels cannot be decoded".formatted(file.header().format()));
      }
    }
    long width = reduced(place.width(), reduction);
    long height = reduced(place.height(), reduction);
    if (into.cols() != width || into.rows() != height) {
      throw ImageFile.broken(
          file.header().format(),
          "the header declares %d x %d pixels, the file holds %d x %d"
              .formatted(width, height, into.cols(), into.rows()));
    }
    if (file instanceof JpegFile jpeg) {
      jpeg.checkBlocks(lastPixel());
    }
    if (alpha) {
      AlphaOverWhite.blend(withAlpha, file, image);
    }
    if (!covers) {
      clear(file.header());
      region.x(place.left()).y(place.top()).width(place.width()).height(place.height());
      try (Mat part = new Mat(decoded, region)) {
        image.copyTo(part);
      }
    }
  }

  /** The lower right pixel of {@link #decoded}, 0xRRGGBB. */
  private int lastPixel() {
    BytePointer pixels = decoded.data();
    long at = (decoded.total() - 1) * 3;
    return (pixels.get(at) & 0xff) << 16
        | (pixels.get(at + 1) & 0xff) << 8
        | (pixels.get(at + 2) & 0xff);
  }

  /** Copies the file's parts into {@link #input}; returns its length. */
  private int fill(CodecFile file) {
    int length = file.parts().stream().mapToInt(Part::length).sum();
    if (input.capacity() < length) {
      input.close();
      input = new BytePointer(Math.max(length, Integer.highestOneBit(length) * 2L));
    }
    int at = 0;
    for (Part part : file.parts()) {
      input.position(at).put(part.source().array(), part.from(), part.length());
      at += part.length();
    }
    input.position(0);
    return length;
  }

  /**
   * The factor by which the JPEG codec may shrink while decoding, for a total factor of {@code
   * shrink}.
   */
  private static int reduction(ImageHeader header, double shrink) {
    int reduction = header.format() == ImageFormat.JPEG ? 8 : NO_REDUCTION;
    while (reduction > NO_REDUCTION && reduction > shrink) {
      reduction /= 2;
    }
    return reduction;
  }

  private static int reductionFlag(int reduction) {
    return switch (reduction) {
      case 2 -> IMREAD_REDUCED_GRAYSCALE_2;
      case 4 -> IMREAD_REDUCED_GRAYSCALE_4;
      case 8 -> IMREAD_REDUCED_GRAYSCALE_8;
      default -> 0;
    };
  }

  /**
   * Scales into this decoder's buffers and turns the result upright.
   *
   * @param width columns of the upright result
   * @param height rows of the upright result
   */
  private Mat scale(Mat source, int width, int height, Orientation orientation) {
    target.width(orientation.transpose() ? height : width);
    target.height(orientation.transpose() ? width : height);
    // Below half size, bilinear interpolation skips pixels; averaging areas does not.
    boolean farSmaller = Math.min(source.cols(), source.rows()) >= 2L * Math.min(width, height);
    opencv_imgproc.resize(
        source,
        scaled,
        target,
        0,
        0,
        farSmaller ? opencv_imgproc.INTER_AREA : opencv_imgproc.INTER_LINEAR);
    return turn(orientation);
  }

  /** {@link #scaled} turned upright: itself or {@link #upright}. */
  private Mat turn(Orientation orientation) {
    Mat from = scaled;
    if (orientation.transpose()) {
      opencv_core.transpose(from, transposed);
      from = transposed;
    }
    if (orientation.flipX() || orientation.flipY()) {
      int code = !orientation.flipY() ? 1 : orientation.flipX() ? -1 : 0;
      opencv_core.flip(from, upright, code);
      from = upright;
    }
    return from;
  }

  /** The image with the colour change applied: itself or {@link #recolored}. */
  private Mat recolor(Mat image, ColorChange colors) {
    if (colors.equals(ColorChange.NONE)) {
      return image;
    }
    double[] means = new double[3];
    if (colors.mean() != 0) {
      try (Scalar mean = opencv_core.mean(image)) {
        mean.get(means);
      }
    }
    new FloatPointer(colorMatrix.data()).put(colors.matrix(means));
    opencv_core.transform(image, recolored, colorMatrix);
    return recolored;
  }

  /** Turns a native failure into the reason of a rejection. */
  private static UnreadableImageException codecFailed(ImageFile file, RuntimeException cause) {
    // OpenCV's message has several lines and the path of its source file.
    String message = OPENCV_ERROR + cause.getMessage();
    String what = message.substring(message.lastIndexOf(OPENCV_ERROR) + OPENCV_ERROR.length());
    return new UnreadableImageException(
        Stage.DECODE,
        "the %s's pixels cannot be decoded: %s"
            .formatted(file.header().format(), what.strip().replaceAll("\\s+", " ")),
        cause);
  }

  /** Releases the buffers of an unusually large image. */
  private void trim() {
    for (Mat buffer : buffers) {
      if (!buffer.empty() && buffer.total() * buffer.elemSize() > KEPT_BYTES) {
        buffer.release();
      }
    }
    if (input.capacity() > KEPT_BYTES) {
      input.close();
      input = new BytePointer(1 << 18);
    }
  }

  @Override
  public void close() {
    target.close();
    region.close();
    buffers.forEach(Mat::close);
    colorMatrix.close();
    input.close();
  }
}
