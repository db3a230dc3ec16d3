package io.tagstream.model.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.IntBinaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/** Draws images, encodes them and finds photos, for tests. */
public final class TestPictures {
  /** The four colours of {@link #quadrants}: upper left, upper right, lower left, lower right. */
  static final List<Color> QUADRANTS =
      List.of(new Color(200, 30, 40), new Color(30, 180, 60), new Color(40, 60, 210), Color.YELLOW);

  static final int WIDTH = 96;
  static final int HEIGHT = 64;

  private TestPictures() {}

  /** Four colours, whole blocks of a JPEG each. */
  static BufferedImage quadrants() {
    return picture(WIDTH, HEIGHT, TestPictures::quadrant);
  }

  static int quadrant(int x, int y) {
    return QUADRANTS.get((x < WIDTH / 2 ? 0 : 1) + (y < HEIGHT / 2 ? 0 : 2)).getRGB();
  }

  /** The whole image, its shorter side scaled. */
  static RgbImage whole(ImageDecoder decoder, int shorterSide, byte[] encoded)
      throws UnreadableImageException {
    return decoder.decodeRegion(
        encoded,
        (width, height) -> {
          double factor = (double) shorterSide / Math.min(width, height);
          return new Region(
              0,
              0,
              width,
              height,
              Math.toIntExact(Math.round(width * factor)),
              Math.toIntExact(Math.round(height * factor)));
        },
        ColorChange.NONE);
  }

  /** Every pixel, unscaled: six digits each, red, green, blue, row by row, with blanks between. */
  static String asStored(byte[] encoded) throws UnreadableImageException {
    ImageHeader header = ImageHeader.read(encoded);
    byte[] pixels;
    try (ImageDecoder decoder = new ImageDecoder(1, 1, Views.CENTER, DecodeLimits.DEFAULT)) {
      pixels = whole(decoder, Math.min(header.width(), header.height()), encoded).pixels();
    }
    return HexFormat.of().formatHex(pixels).replaceAll("(.{6})(?!$)", "$1 ");
  }

  /** An image whose red is the column and whose green is the row. */
  static BufferedImage coordinates(int width, int height) {
    return picture(width, height, (x, y) -> x << 16 | y << 8 | 77);
  }

  static BufferedImage picture(int width, int height, IntBinaryOperator rgb) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, rgb.applyAsInt(x, y));
      }
    }
    return image;
  }

  /** Encodes with the JDK. */
  static byte[] encode(BufferedImage image, String format) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, format, bytes)) {
        throw new IllegalArgumentException("no writer for " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Encodes with the JDK, interlaced or progressive. */
  static byte[] encodeProgressive(BufferedImage image, String format) {
    return write(
        format,
        new IIOImage(image, null, null),
        param -> param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT));
  }

  /** A TIFF with one of the JDK's compressions. */
  static byte[] encodeTiff(BufferedImage image, String compression) {
    return write(
        "tiff",
        new IIOImage(image, null, null),
        param -> {
          param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
          param.setCompressionType(compression);
        });
  }

  private interface Settings {
    void apply(ImageWriteParam param);
  }

  private static byte[] write(String format, IIOImage image, Settings settings) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream output = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(output);
      ImageWriteParam param = writer.getDefaultWriteParam();
      settings.apply(param);
      writer.write(null, image, param);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** Encodes with OpenCV: {@code .webp}, {@code .jpg}, or {@code .png} with 16 bits. */
  static byte[] encodeOpenCv(Mat image, String extension, int... params) {
    try (BytePointer bytes = new BytePointer();
        IntPointer settings = new IntPointer(params)) {
      if (!opencv_imgcodecs.imencode(extension, image, bytes, settings)) {
        throw new IllegalArgumentException("no writer for " + extension);
      }
      byte[] encoded = new byte[(int) bytes.limit()];
      bytes.get(encoded);
      return encoded;
    }
  }

  /** Encodes a JPEG with OpenCV, quality 0 to 100. */
  static byte[] encodeJpeg(RgbImage image, int quality) {
    byte[] bgr = image.pixels().clone();
    for (int i = 0; i < bgr.length; i += 3) {
      bgr[i] = image.pixels()[i + 2];
      bgr[i + 2] = image.pixels()[i];
    }
    try (BytePointer pixels = new BytePointer(bgr);
        Mat mat = new Mat(image.height(), image.width(), opencv_core.CV_8UC3, pixels)) {
      return encodeOpenCv(mat, ".jpg", opencv_imgcodecs.IMWRITE_JPEG_QUALITY, quality);
    }
  }

  /**
   * A lossless WebP.
   *
   * @param argb the image; opaque everywhere if it has no alpha
   */
  static byte[] encodeWebp(int width, int height, IntBinaryOperator argb, boolean alpha) {
    int channels = alpha ? 4 : 3;
    byte[] pixels = new byte[width * height * channels];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int color = argb.applyAsInt(x, y);
        for (int c = 0; c < channels; c++) {
          pixels[(y * width + x) * channels + c] = (byte) (color >> (8 * c));
        }
      }
    }
    try (BytePointer native8 = new BytePointer(pixels);
        Mat image =
            new Mat(height, width, alpha ? opencv_core.CV_8UC4 : opencv_core.CV_8UC3, native8)) {
      // A quality above 100 is lossless.
      return encodeOpenCv(image, ".webp", opencv_imgcodecs.IMWRITE_WEBP_QUALITY, 101);
    }
  }

  /** A PNG with 16 bits per sample: each is the byte of the colour twice. */
  static byte[] encodePng16(int width, int height, IntBinaryOperator rgb) {
    short[] pixels = new short[width * height * 3];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int color = rgb.applyAsInt(x, y);
        for (int c = 0; c < 3; c++) {
          pixels[(y * width + x) * 3 + c] = (short) (((color >> (8 * c)) & 0xff) * 0x101);
        }
      }
    }
    try (ShortPointer native16 = new ShortPointer(pixels);
        Mat image = new Mat(height, width, opencv_core.CV_16UC3, native16)) {
      return encodeOpenCv(image, ".png");
    }
  }

  /** A JPEG of four unconverted components, with Adobe's marker if {@code transform} is given. */
  static byte[] encodeFourComponents(
      int width, int height, IntBinaryOperator samples, Optional<Integer> transform) {
    WritableRaster raster =
        Raster.createInterleavedRaster(java.awt.image.DataBuffer.TYPE_BYTE, width, height, 4, null);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int color = samples.applyAsInt(x, y);
        for (int c = 0; c < 4; c++) {
          raster.setSample(x, y, c, (color >>> (24 - 8 * c)) & 0xff);
        }
      }
    }
    byte[] jpeg = write("jpeg", new IIOImage(raster, null, null), param -> {});
    if (transform.isEmpty()) {
      return jpeg;
    }
    ByteBuffer adobe = ByteBuffer.allocate(16);
    adobe.putShort((short) 0xffee).putShort((short) 14).put("Adobe".getBytes(ISO_8859_1));
    adobe.putShort((short) 100).putInt(0).put((byte) (int) transform.get());
    return insert(jpeg, 2, adobe.array());
  }

  /** A JPEG with an EXIF orientation. */
  static byte[] withExif(byte[] jpeg, int orientation, ByteOrder order) {
    byte[] exif = exif(orientation, order);
    ByteBuffer segment = ByteBuffer.allocate(10 + exif.length);
    segment.putShort((short) 0xffe1).putShort((short) (8 + exif.length));
    segment.put("Exif\0\0".getBytes(ISO_8859_1)).put(exif);
    return insert(jpeg, 2, segment.array());
  }

  /** A TIFF structure with only an orientation. */
  static byte[] exif(int orientation, ByteOrder order) {
    ByteBuffer exif = ByteBuffer.allocate(26).order(order);
    exif.put((order == ByteOrder.BIG_ENDIAN ? "MM" : "II").getBytes(ISO_8859_1));
    exif.putShort((short) 42).putInt(8).putShort((short) 1);
    exif.putShort((short) TiffDirectory.ORIENTATION).putShort((short) 3).putInt(1);
    exif.putShort((short) orientation);
    return exif.array();
  }

  /** Inserts a chunk after a PNG's header. */
  static byte[] withChunk(byte[] png, String type, byte[] content) {
    return insert(png, 33, chunk(type, content));
  }

  static byte[] chunk(String type, byte[] content) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + content.length);
    chunk.putInt(content.length).put(type.getBytes(ISO_8859_1)).put(content);
    CRC32 crc = new CRC32();
    crc.update(chunk.array(), 4, 4 + content.length);
    return chunk.putInt((int) crc.getValue()).array();
  }

  /** A PNG from its scanlines, each with its filter byte. */
  static byte[] png(int width, int height, int bits, int colorType, byte[] lines) {
    ByteArrayOutputStream deflated = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater =
        new DeflaterOutputStream(deflated, new Deflater(Deflater.BEST_COMPRESSION))) {
      deflater.write(lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] header =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) bits)
            .put((byte) colorType)
            .array();
    return concat(
        PngFile.SIGNATURE.getBytes(ISO_8859_1),
        chunk("IHDR", header),
        chunk("IDAT", deflated.toByteArray()),
        chunk("IEND", new byte[0]));
  }

  /** A WebP in the extended form with an EXIF chunk, from one in the simple lossless form. */
  static byte[] withExif(byte[] webp, int width, int height, int orientation) {
    byte[] exif = exif(orientation, ByteOrder.LITTLE_ENDIAN);
    ByteBuffer extended =
        ByteBuffer.allocate(webp.length + 18 + 8 + exif.length).order(ByteOrder.LITTLE_ENDIAN);
    extended.put("RIFF".getBytes(ISO_8859_1)).putInt(extended.capacity() - 8);
    extended.put("WEBPVP8X".getBytes(ISO_8859_1)).putInt(10).putInt(0x08);
    extended.put(three(width - 1)).put(three(height - 1));
    extended.put(webp, 12, webp.length - 12);
    extended.put("EXIF".getBytes(ISO_8859_1)).putInt(exif.length).put(exif);
    return extended.array();
  }

  private static byte[] three(int number) {
    return new byte[] {(byte) number, (byte) (number >> 8), (byte) (number >> 16)};
  }

  /**
   * An uncompressed TIFF of one strip.
   *
   * @param extraSample the meaning of a fourth sample (1 premultiplied alpha, 2 straight), if there
   *     is one
   * @param samples the strip, in little-endian order
   */
  static byte[] tiff(
      int width,
      int height,
      int bits,
      int perPixel,
      int extraSample,
      int orientation,
      byte[] samples) {
    List<int[]> entries = new ArrayList<>();
    entries.add(new int[] {TiffDirectory.WIDTH, width});
    entries.add(new int[] {TiffDirectory.HEIGHT, height});
    entries.add(new int[] {TiffDirectory.BITS_PER_SAMPLE, bits});
    entries.add(new int[] {TiffDirectory.COMPRESSION, 1});
    entries.add(new int[] {TiffDirectory.PHOTOMETRIC, perPixel < 3 ? 1 : 2});
    entries.add(new int[] {TiffDirectory.STRIP_OFFSETS, 8});
    entries.add(new int[] {TiffDirectory.ORIENTATION, orientation});
    entries.add(new int[] {TiffDirectory.SAMPLES_PER_PIXEL, perPixel});
    entries.add(new int[] {TiffDirectory.ROWS_PER_STRIP, height});
    entries.add(new int[] {TiffDirectory.STRIP_BYTE_COUNTS, samples.length});
    if (extraSample > 0) {
      entries.add(new int[] {TiffDirectory.EXTRA_SAMPLES, extraSample});
    }
    int directory = 8 + samples.length;
    int bitsAt = directory + 2 + 12 * entries.size() + 4;
    ByteBuffer file = ByteBuffer.allocate(bitsAt + 2 * perPixel).order(ByteOrder.LITTLE_ENDIAN);
    file.put("II*\0".getBytes(ISO_8859_1)).putInt(directory).put(samples);
    file.putShort((short) entries.size());
    for (int[] entry : entries) {
      file.putShort((short) entry[0]);
      if (entry[0] == TiffDirectory.BITS_PER_SAMPLE && perPixel > 2) {
        file.putShort((short) 3).putInt(perPixel).putInt(bitsAt);
      } else if (entry[0] == TiffDirectory.BITS_PER_SAMPLE) {
        file.putShort((short) 3).putInt(perPixel).putShort((short) bits).putShort((short) bits);
      } else {
        file.putShort((short) 4).putInt(1).putInt(entry[1]);
      }
    }
    file.putInt(0);
    for (int i = 0; i < perPixel; i++) {
      file.putShort((short) bits);
    }
    return file.array();
  }

  static byte[] insert(byte[] bytes, int at, byte[] inserted) {
    return ByteBuffer.allocate(bytes.length + inserted.length)
        .put(bytes, 0, at)
        .put(inserted)
        .put(bytes, at, bytes.length - at)
        .array();
  }

  static byte[] concat(byte[]... parts) {
    ByteBuffer all = ByteBuffer.allocate(Stream.of(parts).mapToInt(part -> part.length).sum());
    Stream.of(parts).forEach(all::put);
    return all.array();
  }

  /** The first index of a Latin-1 text. */
  static int indexOf(byte[] bytes, String text) {
    int at = new String(bytes, ISO_8859_1).indexOf(text);
    if (at < 0) {
      throw new IllegalArgumentException("no " + text);
    }
    return at;
  }

  /** The centres of the first flowers, {@code [227][227][3]} each; without flowers a test skips. */
  public static List<byte[]> flowerCrops(int count) throws IOException, UnreadableImageException {
    Optional<Path> flowers = flowers();
    assumeTrue(flowers.isPresent(), "skipped: no ../shared/data/flowers beside the project's root");
    List<byte[]> crops = new ArrayList<>();
    try (ImageDecoder decoder = new ImageDecoder(256, 227, Views.CENTER, DecodeLimits.DEFAULT);
        Stream<Path> files = Files.walk(flowers.get())) {
      for (Path file : files.filter(Files::isRegularFile).sorted().limit(count).toList()) {
        crops.add(decoder.decode(Files.readAllBytes(file)));
      }
    }
    return crops;
  }

  /** The folder of flower photos next to the project, if it exists. */
  public static Optional<Path> flowers() {
    Path root = Path.of("").toAbsolutePath();
    while (root != null && !Files.isDirectory(root.resolve(".mvn"))) {
      root = root.getParent();
    }
    return Optional.ofNullable(root)
        .map(found -> found.resolveSibling("shared").resolve("data").resolve("flowers"))
        .filter(Files::isDirectory);
  }
}
