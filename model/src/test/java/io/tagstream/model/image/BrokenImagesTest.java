package io.tagstream.model.image;

import static io.tagstream.model.image.TestPictures.HEIGHT;
import static io.tagstream.model.image.TestPictures.WIDTH;
import static io.tagstream.model.image.UnreadableImageException.Stage.DECODE;
import static io.tagstream.model.image.UnreadableImageException.Stage.LIMIT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BrokenImagesTest {

  /** A small valid file of each format. */
  static Map<ImageFormat, byte[]> files() {
    Map<ImageFormat, byte[]> files = new TreeMap<>();
    for (ImageFormat format : ImageFormat.values()) {
      files.put(
          format,
          format == ImageFormat.WEBP
              ? TestPictures.encodeWebp(WIDTH, HEIGHT, TestPictures::quadrant, false)
              : TestPictures.encode(
                  TestPictures.quadrants(), format.name().toLowerCase(Locale.ROOT)));
    }
    return files;
  }

  static Stream<ImageFormat> formats() {
    return Stream.of(ImageFormat.values());
  }

  @Test
  void emptyAndForeignContentIsNamed() {
    assertRefused(new byte[0], DECODE, "the image is empty");
    assertRefused(
        "no picture".getBytes(UTF_8),
        DECODE,
        "no JPEG, PNG, GIF, WebP, BMP or TIFF: it begins with 6e 6f 20 70 69 63 74 75");
    assertRefused(
        new byte[] {(byte) 0xff},
        DECODE,
        "no JPEG, PNG, GIF, WebP, BMP or TIFF: it begins with ff");
  }

  @Test
  void tooManyBytesAreRefused() {
    byte[] png = files().get(ImageFormat.PNG);

    UnreadableImageException refused =
        refuse(png, new DecodeLimits(png.length - 1, Long.MAX_VALUE));

    assertThat(refused.stage()).isEqualTo(LIMIT);
    assertThat(refused.reason())
        .isEqualTo("%d bytes, over image.max-bytes %d".formatted(png.length, png.length - 1));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void tooManyPixelsAreRefusedFromTheHeader(ImageFormat format) {
    UnreadableImageException refused =
        refuse(files().get(format), new DecodeLimits(1 << 20, WIDTH * HEIGHT - 1));

    assertThat(refused.stage()).isEqualTo(LIMIT);
    assertThat(refused.reason())
        .isEqualTo(
            "the %s's header declares 96 x 64 pixels, over image.max-pixels 6143"
                .formatted(format));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aSmallFileThatClaimsAHugePictureIsRefusedFromTheHeader(ImageFormat format) {
    byte[] lying = withSize(format, 60_000, 60_000);
    // A WebP's sides have 14 bits.
    String sides = format == ImageFormat.WEBP ? "10848 x 10848" : "60000 x 60000";

    assertRefused(
        lying,
        LIMIT,
        "the %s's header declares %s pixels, over image.max-pixels 64000000"
            .formatted(format, sides));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aPictureWithoutPixelsIsRefused(ImageFormat format) {
    if (format == ImageFormat.WEBP) {
      // The lossless form stores each side minus one.
      return;
    }
    // A GIF's canvas grows to hold its frame; only the frame must not be empty.
    byte[] empty = withSize(format, 0, format == ImageFormat.GIF ? 0 : HEIGHT);

    UnreadableImageException refused = refuse(empty, DecodeLimits.DEFAULT);

    assertThat(refused.stage()).isEqualTo(DECODE);
    assertThat(refused.reason()).startsWith("the %s's header declares 0 x".formatted(format));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aFileCutShortAnywhereIsRefused(ImageFormat format) {
    byte[] whole = files().get(format);
    for (int length = 1; length < whole.length; length += Math.max(1, whole.length / 300)) {
      UnreadableImageException refused = refuse(Arrays.copyOf(whole, length), DecodeLimits.DEFAULT);
      assertThat(refused.stage()).as("cut to %d bytes", length).isEqualTo(DECODE);
    }
    assertThat(refuse(Arrays.copyOf(whole, whole.length / 2), DecodeLimits.DEFAULT).reason())
        .contains("cut short");
    assertThat(refuse(Arrays.copyOf(whole, whole.length - 1), DecodeLimits.DEFAULT).reason())
        .contains("cut short");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aJpegCutInHalfIsNotCompletedFromAnEarlierOne(boolean progressive) throws Exception {
    byte[] earlier = jpeg(0x123457, progressive);
    byte[] cut = jpeg(0x765431, progressive);
    cut = Arrays.copyOf(cut, cut.length / 2);
    byte[] closed = TestPictures.concat(cut, new byte[] {(byte) 0xff, (byte) 0xd9});

    try (ImageDecoder decoder = new ImageDecoder(128, 128, Views.CENTER, DecodeLimits.DEFAULT)) {
      byte[] pixels = decoder.decode(earlier);
      for (byte[] broken : new byte[][] {cut, closed}) {
        UnreadableImageException refused =
            catchThrowableOfType(UnreadableImageException.class, () -> decoder.decode(broken));
        assertThat(refused.stage()).isEqualTo(DECODE);
        assertThat(decoder.decode(earlier)).isEqualTo(pixels);
      }
    }
  }

  private static byte[] jpeg(int seed, boolean progressive) {
    var image =
        TestPictures.picture(
            160, 128, (x, y) -> Integer.hashCode(seed * (x / 8 + 1) * (y / 8 + 1)) & 0xffffff);
    return progressive
        ? TestPictures.encodeProgressive(image, "jpg")
        : TestPictures.encode(image, "jpg");
  }

  @Test
  void aSequentialJpegThatWasGivenANewEndIsFoundOut() {
    // Noise, so that each group of blocks takes more than a hundred bytes.
    byte[] whole =
        TestPictures.encode(
            TestPictures.picture(160, 128, (x, y) -> new Random(x * 1000 + y).nextInt()), "jpg");
    int scan = TestPictures.indexOf(whole, "\u00ff\u00da") + 14;
    // A cut within the last group of blocks is not detected.
    for (int length = whole.length - 300; length > scan; length -= 101) {
      byte[] closed = Arrays.copyOf(whole, length + 2);
      closed[length] = (byte) 0xff;
      closed[length + 1] = (byte) 0xd9;
      assertThat(refuse(closed, DecodeLimits.DEFAULT).reason())
          .as("cut to %d of %d bytes", length, whole.length)
          .matches("broken JPEG: a scan holds \\d+ of the 80 declared blocks");
    }
  }

  @Test
  void aScanForEachComponentIsReadAsWell() {
    // The JDK writes a raster as four components, each in a separate scan.
    byte[] whole =
        TestPictures.encodeFourComponents(
            WIDTH, HEIGHT, (x, y) -> 0x01010101 * (x * 5 + y * 3), Optional.of(0));
    byte[] closed =
        TestPictures.concat(
            Arrays.copyOf(whole, whole.length - 300), new byte[] {(byte) 0xff, (byte) 0xd9});

    assertThat(refuse(closed, DecodeLimits.DEFAULT).reason()).contains("declared blocks");
  }

  @Test
  void aJpegTallerThanItsBlocksIsFoundOut() {
    byte[] lying = withSize(ImageFormat.JPEG, WIDTH, 4 * HEIGHT);

    assertThat(refuse(lying, DecodeLimits.DEFAULT).reason())
        .matches("broken JPEG: a scan holds \\d+ of the \\d+ declared blocks");
  }

  @Test
  void aLineThatBecomesHugeByResizingIsRefused() throws Exception {
    byte[] png = TestPictures.encode(TestPictures.picture(100_000, 1, (x, y) -> x), "png");

    try (ImageDecoder decoder = new ImageDecoder(256, 227, Views.CENTER, DecodeLimits.DEFAULT)) {
      assertThatThrownBy(() -> TestPictures.whole(decoder, 256, png))
          .hasMessage("25600000 x 256 pixels after resizing, over image.max-pixels 64000000");
      assertThat(decoder.decode(png)).hasSize(227 * 227 * 3);
    }
  }

  @Test
  void theCodecsOwnCeilingBecomesAReasonOfOneLine() {
    // Within the limits here, and over OPENCV_IO_MAX_IMAGE_PIXELS.
    byte[] png = TestPictures.png(8_100, 8_000, 1, 0, new byte[(1 + 8_104 / 8) * 8_000]);

    assertThat(refuse(png, new DecodeLimits(1 << 20, 100_000_000)).reason())
        .matches(
            "the PNG's pixels cannot be decoded: \\(-215:Assertion failed\\) .*CV_IO_MAX_IMAGE_PIXELS.*")
        .doesNotContain("/");
  }

  @Test
  void aJpegOfCountlessScansIsRefused() {
    byte[] jpeg = TestPictures.encodeProgressive(TestPictures.quadrants(), "jpg");
    int scan = TestPictures.indexOf(jpeg, "\u00ff\u00da");
    byte[] header = Arrays.copyOfRange(jpeg, scan, scan + 14);
    byte[] bomb = jpeg;
    for (int i = 0; i < 100; i++) {
      bomb = TestPictures.insert(bomb, scan, header);
    }

    assertRefused(bomb, LIMIT, "the JPEG has more than 100 scans");
  }

  @ParameterizedTest
  @ValueSource(strings = {"IHDR", "PLTE", "IDAT", "IEND"})
  void aWrongChecksumInACriticalChunkIsRefused(String chunk) {
    byte[] png =
        TestPictures.withChunk(
            TestPictures.encode(TestPictures.quadrants(), "png"), "PLTE", new byte[12]);
    int at = TestPictures.indexOf(png, chunk);
    int length = ByteBuffer.wrap(png).getInt(at - 4);
    png[at + 4 + length] ^= 1;

    assertThat(refuse(png, DecodeLimits.DEFAULT).reason())
        .startsWith(
            "broken PNG: the %s chunk at byte %d has the checksum ".formatted(chunk, at - 4));
  }

  @Test
  void aWrongChecksumInATextIsNot() throws Exception {
    byte[] png =
        TestPictures.withChunk(
            TestPictures.encode(TestPictures.quadrants(), "png"), "tEXt", new byte[20]);
    png[TestPictures.indexOf(png, "tEXt") + 10] ^= 1;

    try (ImageDecoder decoder = new ImageDecoder(64, 64, Views.CENTER, DecodeLimits.DEFAULT)) {
      assertThat(decoder.decode(png)).hasSize(64 * 64 * 3);
    }
  }

  @Test
  void aPngWithFewerLinesThanDeclaredIsRefused() {
    byte[] lines = new byte[(1 + 3 * WIDTH) * (HEIGHT - 1)];

    assertRefused(
        TestPictures.png(WIDTH, HEIGHT, 8, 2, lines), DECODE, "the PNG's pixels cannot be decoded");
  }

  @Test
  void aPngWithoutPixelsOrPaletteIsRefused() {
    byte[] png = TestPictures.encode(TestPictures.quadrants(), "png");
    int data = TestPictures.indexOf(png, "IDAT") - 4;
    byte[] end = TestPictures.chunk("IEND", new byte[0]);

    assertRefused(
        TestPictures.concat(Arrays.copyOf(png, data), end), DECODE, "broken PNG: no IDAT chunk");
    assertRefused(
        TestPictures.png(WIDTH, HEIGHT, 8, 3, new byte[(1 + WIDTH) * HEIGHT]),
        DECODE,
        "the PNG's pixels cannot be decoded");
  }

  @Test
  void aGifFrameThatEndsEarlyIsRefused() {
    byte[] gif = TestPictures.encode(TestPictures.quadrants(), "gif");
    int frame = TestPictures.indexOf(gif, ",\0\0\0\0");
    ByteBuffer.wrap(gif).order(ByteOrder.LITTLE_ENDIAN).putShort(frame + 7, (short) (HEIGHT + 1));

    assertRefused(gif, DECODE, "broken GIF: the first frame ends before its 65 rows do");
  }

  @Test
  void aTiffWithAStripOutsideTheFileOrMissingIsRefused() {
    byte[] samples = new byte[WIDTH * HEIGHT * 3];
    byte[] tiff = TestPictures.tiff(WIDTH, HEIGHT, 8, 3, 0, 1, samples);
    ByteBuffer patched = ByteBuffer.wrap(tiff).order(ByteOrder.LITTLE_ENDIAN);
    int directory = patched.getInt(4);
    int offset = directory + 2 + 12 * 5 + 8;
    int rows = directory + 2 + 12 * 8 + 8;

    patched.putInt(offset, tiff.length);
    assertThat(refuse(tiff, DecodeLimits.DEFAULT).reason()).contains("cut short");

    patched.putInt(offset, 8).putInt(rows, HEIGHT / 2);
    assertRefused(tiff, DECODE, "broken TIFF: 1 strips or tiles, 2 needed");
  }

  @Test
  void hugeTilesOfASmallTiffAreRefused() {
    byte[] tiff = TestPictures.tiff(WIDTH, HEIGHT, 8, 3, 0, 1, new byte[WIDTH * HEIGHT * 3]);
    ByteBuffer patched = ByteBuffer.wrap(tiff).order(ByteOrder.LITTLE_ENDIAN);
    int entries = patched.getInt(4) + 2;
    patched.putShort(entries + 12 * 5, (short) TiffDirectory.TILE_OFFSETS);
    patched.putShort(entries + 12 * 9, (short) TiffDirectory.TILE_BYTE_COUNTS);
    patched.putShort(entries + 12 * 6, (short) TiffDirectory.TILE_WIDTH);
    patched.putInt(entries + 12 * 6 + 8, 60_000);
    patched.putShort(entries + 12 * 8, (short) TiffDirectory.TILE_HEIGHT);
    patched.putInt(entries + 12 * 8 + 8, 60_000);

    assertRefused(tiff, LIMIT, "the TIFF's tiles of 60000 x 60000 are far larger than its image");
  }

  @ParameterizedTest
  @CsvSource({
    // Twelve bits per sample; a segment that is shorter than its length field.
    "ffd8 ffc0 0011 0c 0040 0060 03 01 11 00 02 11 00 03 11 00, unsupported JPEG: 12 bits a sample",
    "ffd8 ffe0 0001 ffd9 0000 0000 0000, broken JPEG: a segment of length 1",
    "ffd8 ffd9 0000 0000 0000 0000 0000, broken JPEG: the file ends before its first scan",
    "424d 0000 0000 0000 0000 0000 0000 0a00 0000, broken BMP: a header of 10 bytes"
  })
  void whatIsWrongIsNamed(String hex, String reason) {
    assertRefused(HexFormat.of().parseHex(hex.replace(" ", "")), DECODE, reason);
  }

  /** The format's file with other sides in its header. */
  private static byte[] withSize(ImageFormat format, int width, int height) {
    byte[] file = files().get(format);
    ByteBuffer big = ByteBuffer.wrap(file);
    ByteBuffer little = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    switch (format) {
      case JPEG -> {
        int frame = TestPictures.indexOf(file, "\u00ff\u00c0");
        big.putShort(frame + 5, (short) height).putShort(frame + 7, (short) width);
      }
      case PNG -> {
        big.putInt(16, width).putInt(20, height);
        byte[] header = TestPictures.chunk("IHDR", Arrays.copyOfRange(file, 16, 29));
        big.put(8, header);
      }
      case GIF -> {
        little.putShort(6, (short) width).putShort(8, (short) height);
        int frame = TestPictures.indexOf(file, ",\0\0\0\0");
        little.putShort(frame + 5, (short) width).putShort(frame + 7, (short) height);
      }
      case WEBP -> {
        int bits = (width - 1 & 0x3fff) | (height - 1 & 0x3fff) << 14;
        little.putInt(21, bits);
      }
      case BMP -> little.putInt(18, width).putInt(22, height);
      case TIFF -> {
        file = TestPictures.tiff(width, height, 8, 3, 0, 1, new byte[WIDTH * HEIGHT * 3]);
      }
    }
    return file;
  }

  private static void assertRefused(byte[] encoded, Stage stage, String reason) {
    UnreadableImageException refused = refuse(encoded, DecodeLimits.DEFAULT);
    assertThat(refused.stage()).isEqualTo(stage);
    assertThat(refused.reason()).isEqualTo(reason);
  }

  private static UnreadableImageException refuse(byte[] encoded, DecodeLimits limits) {
    try (ImageDecoder decoder = new ImageDecoder(64, 64, Views.CENTER, limits)) {
      UnreadableImageException refused =
          catchThrowableOfType(UnreadableImageException.class, () -> decoder.decode(encoded));
      assertThat(refused).as("the exception").isNotNull();
      return refused;
    }
  }
}
