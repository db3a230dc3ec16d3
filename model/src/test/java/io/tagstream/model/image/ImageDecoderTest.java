package io.tagstream.model.image;

import static io.tagstream.model.image.TestPictures.HEIGHT;
import static io.tagstream.model.image.TestPictures.QUADRANTS;
import static io.tagstream.model.image.TestPictures.WIDTH;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntBinaryOperator;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
  private static final int LOSSLESS = 0;

  /** The tolerance for a JPEG in the middle of a uniform area. */
  private static final int LOSSY = 4;

  static Stream<Arguments> formats() {
    BufferedImage image = TestPictures.quadrants();
    BufferedImage palette = indexed(image, 8);
    return Stream.of(
        Arguments.of("JPEG", ImageFormat.JPEG, TestPictures.encode(image, "jpg"), LOSSY),
        Arguments.of(
            "progressive JPEG",
            ImageFormat.JPEG,
            TestPictures.encodeProgressive(image, "jpg"),
            LOSSY),
        Arguments.of("PNG", ImageFormat.PNG, TestPictures.encode(image, "png"), LOSSLESS),
        Arguments.of(
            "interlaced PNG",
            ImageFormat.PNG,
            TestPictures.encodeProgressive(image, "png"),
            LOSSLESS),
        Arguments.of("palette PNG", ImageFormat.PNG, TestPictures.encode(palette, "png"), LOSSLESS),
        Arguments.of(
            "2-bit palette PNG",
            ImageFormat.PNG,
            TestPictures.encode(indexed(image, 2), "png"),
            LOSSLESS),
        Arguments.of(
            "16-bit PNG",
            ImageFormat.PNG,
            TestPictures.encodePng16(WIDTH, HEIGHT, TestPictures::quadrant),
            LOSSLESS),
        Arguments.of("GIF", ImageFormat.GIF, TestPictures.encode(palette, "gif"), LOSSLESS),
        Arguments.of(
            "interlaced GIF",
            ImageFormat.GIF,
            TestPictures.encodeProgressive(palette, "gif"),
            LOSSLESS),
        Arguments.of(
            "WebP",
            ImageFormat.WEBP,
            TestPictures.encodeWebp(WIDTH, HEIGHT, TestPictures::quadrant, false),
            LOSSLESS),
        Arguments.of("BMP", ImageFormat.BMP, TestPictures.encode(image, "bmp"), LOSSLESS),
        Arguments.of("palette BMP", ImageFormat.BMP, TestPictures.encode(palette, "bmp"), LOSSLESS),
        Arguments.of("TIFF", ImageFormat.TIFF, TestPictures.encode(image, "tiff"), LOSSLESS),
        Arguments.of("LZW TIFF", ImageFormat.TIFF, TestPictures.encodeTiff(image, "LZW"), LOSSLESS),
        Arguments.of(
            "deflated TIFF", ImageFormat.TIFF, TestPictures.encodeTiff(image, "Deflate"), LOSSLESS),
        Arguments.of("JPEG TIFF", ImageFormat.TIFF, TestPictures.encodeTiff(image, "JPEG"), LOSSY),
        Arguments.of(
            "16-bit TIFF",
            ImageFormat.TIFF,
            TestPictures.tiff(WIDTH, HEIGHT, 16, 3, 0, 1, samples16(TestPictures::quadrant)),
            LOSSLESS));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("formats")
  void decodesEachFormat(String name, ImageFormat format, byte[] encoded, int tolerance)
      throws Exception {
    assertThat(ImageHeader.read(encoded)).isEqualTo(new ImageHeader(format, WIDTH, HEIGHT));
    assertQuadrants(decode(encoded), tolerance);
  }

  @Test
  void greyBecomesThreeEqualChannels() throws Exception {
    BufferedImage grey = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        grey.getRaster().setSample(x, y, 0, x < WIDTH / 2 ? 60 : 190);
      }
    }
    BufferedImage bits = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_BINARY);
    for (int y = 0; y < HEIGHT; y++) {
      bits.getRaster().setSample(WIDTH - 1, y, 0, 1);
    }

    for (String format : List.of("jpg", "png", "tiff")) {
      RgbImage image = decode(TestPictures.encode(grey, format));
      assertPixel(image, 20, 20, new Color(60, 60, 60), 1);
      assertPixel(image, 80, 50, new Color(190, 190, 190), 1);
    }
    for (String format : List.of("png", "bmp", "tiff", "gif")) {
      RgbImage image = decode(TestPictures.encode(bits, format));
      assertPixel(image, 20, 20, Color.BLACK, LOSSLESS);
      assertPixel(image, WIDTH - 1, 50, Color.WHITE, LOSSLESS);
    }
  }

  @Test
  void transparencyIsLaidOverWhite() throws Exception {
    // Opaque on the left, half transparent on the right, transparent at the bottom.
    IntBinaryOperator argb =
        (x, y) -> (y >= HEIGHT / 2 ? 0 : x < WIDTH / 2 ? 0xff : 0x80) << 24 | 0x402010;
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_ARGB);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        image.setRGB(x, y, argb.applyAsInt(x, y));
      }
    }

    for (byte[] encoded :
        List.of(
            TestPictures.encode(image, "png"),
            TestPictures.encode(image, "tiff"),
            TestPictures.png(WIDTH, HEIGHT, 16, 6, scanlines16(argb)),
            TestPictures.tiff(WIDTH, HEIGHT, 16, 4, 2, 1, samples16(argb)),
            TestPictures.encodeWebp(WIDTH, HEIGHT, argb, true))) {
      RgbImage decoded = decode(encoded);
      assertPixel(decoded, 10, 10, new Color(0x40, 0x20, 0x10), 1);
      // 255 - (255 - c) * 128 / 255
      assertPixel(decoded, 80, 10, new Color(159, 143, 135), 1);
      assertPixel(decoded, 50, 60, Color.WHITE, LOSSLESS);
    }
  }

  @Test
  void premultipliedColoursAreNotMultipliedAgain() throws Exception {
    IntBinaryOperator argb = (x, y) -> 0x80_20_10_08;

    byte[] wide = TestPictures.tiff(WIDTH, HEIGHT, 16, 4, 1, 1, samples16(argb));
    byte[] narrow = TestPictures.tiff(WIDTH, HEIGHT, 8, 4, 1, 1, samples8(argb));

    for (byte[] encoded : List.of(wide, narrow)) {
      assertPixel(decode(encoded), 10, 10, new Color(159, 143, 135), 1);
    }
  }

  @Test
  void transparentPaletteEntriesAreWhite() throws Exception {
    byte[] entries = {10, 20, 30};
    IndexColorModel model = new IndexColorModel(8, 3, entries, entries, entries, 1);
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_INDEXED, model);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        image.getRaster().setSample(x, y, 0, x < WIDTH / 2 ? 1 : 2);
      }
    }

    for (String format : List.of("png", "gif")) {
      RgbImage decoded = decode(TestPictures.encode(image, format));
      assertPixel(decoded, 10, 10, Color.WHITE, LOSSLESS);
      assertPixel(decoded, 80, 10, new Color(30, 30, 30), LOSSLESS);
    }
  }

  @Test
  void aGifFrameSmallerThanItsCanvasLiesOnWhite() throws Exception {
    byte[] gif = TestPictures.encode(indexed(TestPictures.quadrants(), 8), "gif");
    ByteBuffer patched = ByteBuffer.wrap(gif).order(ByteOrder.LITTLE_ENDIAN);
    patched.putShort(6, (short) 200).putShort(8, (short) 150);
    int frame = TestPictures.indexOf(gif, ",\0\0\0\0");
    patched.putShort(frame + 1, (short) 17).putShort(frame + 3, (short) 29);

    try (ImageDecoder decoder = new ImageDecoder(150, 1, Views.CENTER, DecodeLimits.DEFAULT)) {
      RgbImage image = TestPictures.whole(decoder, 150, gif);
      assertThat(List.of(image.width(), image.height())).containsExactly(200, 150);
      assertPixel(image, 16, 29, Color.WHITE, LOSSLESS);
      assertPixel(image, 17, 29, QUADRANTS.get(0), LOSSLESS);
      assertPixel(image, 17 + WIDTH - 1, 29 + HEIGHT - 1, QUADRANTS.get(3), LOSSLESS);
      assertPixel(image, 17 + WIDTH, 29 + HEIGHT - 1, Color.WHITE, LOSSLESS);
    }
  }

  @Test
  void longGifCodesAndFullTablesDecode() throws Exception {
    // Uniform areas give long codes, noise fills the table of 4,096.
    IntBinaryOperator noise =
        (x, y) -> y < 100 ? 0x336699 : Integer.hashCode(x * 7919 + y * 104729);
    BufferedImage image = new BufferedImage(300, 256, BufferedImage.TYPE_BYTE_INDEXED);
    for (int y = 0; y < 256; y++) {
      for (int x = 0; x < 300; x++) {
        image.setRGB(x, y, noise.applyAsInt(x, y) | 0xff000000);
      }
    }

    RgbImage decoded;
    try (ImageDecoder decoder = new ImageDecoder(256, 1, Views.CENTER, DecodeLimits.DEFAULT)) {
      decoded = TestPictures.whole(decoder, 256, TestPictures.encode(image, "gif"));
    }

    for (int y = 0; y < 256; y++) {
      for (int x = 0; x < 300; x++) {
        assertPixel(decoded, x, y, new Color(image.getRGB(x, y)), LOSSLESS);
      }
    }
  }

  @Test
  void inkIsReadInAdobesInvertedConvention() throws Exception {
    // C, M, Y, K with 255 for no ink: red, then black.
    IntBinaryOperator inks = (x, y) -> x < WIDTH / 2 ? 0xff_00_00_ff : 0xff_ff_ff_00;
    // YCCK holds the other convention's red as luma and chroma: cyan is (179, 171, 0).
    IntBinaryOperator ycck = (x, y) -> x < WIDTH / 2 ? 0xb3_ab_00_ff : 0x00_80_80_00;

    for (byte[] encoded :
        List.of(
            TestPictures.encodeFourComponents(WIDTH, HEIGHT, inks, Optional.empty()),
            TestPictures.encodeFourComponents(WIDTH, HEIGHT, inks, Optional.of(0)),
            TestPictures.encodeFourComponents(WIDTH, HEIGHT, ycck, Optional.of(2)))) {
      RgbImage image = decode(encoded);
      assertPixel(image, 20, 20, new Color(254, 0, 0), LOSSY);
      assertPixel(image, 80, 20, Color.BLACK, LOSSY);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // The sides of the image that the first stored row and column are.
    "1, top, left",
    "2, top, right",
    "3, bottom, right",
    "4, bottom, left",
    "5, left, top",
    "6, right, top",
    "7, right, bottom",
    "8, left, bottom"
  })
  void picturesAreTurnedUpright(int orientation, String firstRow, String firstColumn)
      throws Exception {
    // 33 columns or rows are outside the centre: an odd number, so that wrong rounding is detected.
    assertTurnedUpright(97, 64, orientation, firstRow, firstColumn);
    assertTurnedUpright(64, 97, orientation, firstRow, firstColumn);
  }

  private static void assertTurnedUpright(
      int width, int height, int orientation, String firstRow, String firstColumn)
      throws UnreadableImageException {
    boolean sideways = orientation > 4;
    IntBinaryOperator stored =
        (x, y) -> {
          int[] at = {0, 0};
          place(at, firstRow, y, width, height);
          place(at, firstColumn, x, width, height);
          return at[0] << 16 | at[1] << 8 | 77;
        };
    int storedWidth = sideways ? height : width;
    int storedHeight = sideways ? width : height;
    BufferedImage image = TestPictures.picture(storedWidth, storedHeight, stored);
    byte[] png =
        TestPictures.withChunk(
            TestPictures.encode(image, "png"),
            "eXIf",
            TestPictures.exif(orientation, ByteOrder.BIG_ENDIAN));
    byte[] webp =
        TestPictures.withExif(
            TestPictures.encodeWebp(storedWidth, storedHeight, stored, false),
            storedWidth,
            storedHeight,
            orientation);
    byte[] tiff =
        TestPictures.tiff(
            storedWidth,
            storedHeight,
            8,
            3,
            0,
            orientation,
            samples8(storedWidth, storedHeight, stored, 3));
    byte[] upright = TestPictures.encode(TestPictures.coordinates(width, height), "png");

    try (ImageDecoder decoder =
        new ImageDecoder(64, 64, Views.CENTER_AND_FLIP, DecodeLimits.DEFAULT)) {
      byte[] expected = decoder.decode(upright);
      byte[] expectedWhole = TestPictures.whole(decoder, 64, upright).pixels();
      for (byte[] encoded : List.of(png, webp, tiff)) {
        assertThat(decoder.decode(encoded)).isEqualTo(expected);
        RgbImage whole = TestPictures.whole(decoder, 64, encoded);
        assertThat(List.of(whole.width(), whole.height())).containsExactly(width, height);
        assertThat(whole.pixels()).isEqualTo(expectedWhole);
      }
    }
  }

  /** Sets the upright coordinate of a stored row or column number. */
  private static void place(int[] at, String first, int number, int width, int height) {
    switch (first) {
      case "top" -> at[1] = number;
      case "bottom" -> at[1] = height - 1 - number;
      case "left" -> at[0] = number;
      case "right" -> at[0] = width - 1 - number;
      default -> throw new IllegalArgumentException(first);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void exifOfAJpegIsReadInBothByteOrders(int orientation) throws Exception {
    Orientation turn = Orientation.of(orientation);
    byte[] jpeg = TestPictures.encode(TestPictures.quadrants(), "jpg");

    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      RgbImage image = decode(TestPictures.withExif(jpeg, orientation, order));
      // The stored image's upper left quadrant.
      int x = turn.flipX() ? image.width() - 10 : 10;
      int y = turn.flipY() ? image.height() - 10 : 10;
      assertThat(image.width()).isEqualTo(turn.transpose() ? HEIGHT : WIDTH);
      assertPixel(image, x, y, QUADRANTS.get(0), LOSSY);
    }
  }

  @Test
  void brokenMetadataIsNoReasonToRefuseAPicture() throws Exception {
    byte[] jpeg = TestPictures.encode(TestPictures.quadrants(), "jpg");
    byte[] exif = TestPictures.withExif(jpeg, 6, ByteOrder.BIG_ENDIAN);
    int directory = TestPictures.indexOf(exif, "MM") + 4;
    exif[directory] = 0x7f;

    assertQuadrants(decode(exif), LOSSY);
  }

  @Test
  void theShorterSideIsResizedAndTheCentreCutOut() throws Exception {
    // Twice as wide as high: red, green and blue in columns of a quarter, a half and a quarter.
    byte[] png =
        TestPictures.encode(
            TestPictures.picture(
                400, 200, (x, y) -> x < 100 ? 0xff0000 : x < 300 ? 0x00ff00 : 0x0000ff),
            "png");

    try (ImageDecoder decoder = new ImageDecoder(256, 256, Views.CENTER, DecodeLimits.DEFAULT)) {
      RgbImage center = new RgbImage(256, 256, decoder.decode(png));
      assertPixel(center, 3, 100, Color.GREEN, LOSSLESS);
      assertPixel(center, 252, 100, Color.GREEN, LOSSLESS);
      RgbImage whole = TestPictures.whole(decoder, 256, png);
      assertThat(List.of(whole.width(), whole.height())).containsExactly(512, 256);
      assertPixel(whole, 120, 100, Color.RED, LOSSLESS);
      assertPixel(whole, 392, 100, Color.BLUE, LOSSLESS);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8, 9, 16, 17, 40})
  void largePicturesShrinkToTheAverageOfTheirAreas(int times) throws Exception {
    // Stripes of one pixel: a decoder that skips pixels gives black or white, the average is grey.
    BufferedImage stripes =
        TestPictures.picture(
            64 * times, 48 * times, (x, y) -> (x + y) % 2 == 0 || times == 1 ? 0xb4b4b4 : 0x505050);

    for (String format : List.of("png", "jpg")) {
      try (ImageDecoder decoder = new ImageDecoder(48, 40, Views.CENTER, DecodeLimits.DEFAULT)) {
        byte[] encoded = TestPictures.encode(stripes, format);
        RgbImage image = TestPictures.whole(decoder, 48, encoded);
        assertThat(List.of(image.width(), image.height())).containsExactly(64, 48);
        int grey = times == 1 ? 180 : 130;
        assertPixel(image, 30, 20, new Color(grey, grey, grey), times == 3 ? 12 : 6);
        assertThat(decoder.decode(encoded)).hasSize(40 * 40 * 3);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg"})
  void oddSidesShrinkAsWell(String format) throws Exception {
    byte[] encoded =
        TestPictures.encode(TestPictures.picture(131, 101, (x, y) -> 0x808080 + x), format);

    try (ImageDecoder decoder = new ImageDecoder(48, 40, Views.CENTER, DecodeLimits.DEFAULT)) {
      RgbImage image = TestPictures.whole(decoder, 48, encoded);
      assertThat(List.of(image.width(), image.height())).containsExactly(62, 48);
    }
  }

  @Test
  void onePixelFillsThePatch() throws Exception {
    byte[] png = TestPictures.encode(TestPictures.picture(1, 1, (x, y) -> 0x102030), "png");

    try (ImageDecoder decoder = new ImageDecoder(256, 227, Views.TEN, DecodeLimits.DEFAULT)) {
      byte[] crops = decoder.decode(png);
      assertThat(crops).hasSize(10 * 227 * 227 * 3);
      assertPixel(new RgbImage(227, 2270, crops), 226, 2269, new Color(0x10, 0x20, 0x30), 0);
    }
  }

  @Test
  void aGreyJpegIsNoCutOne() throws Exception {
    // The grey that libjpeg puts where blocks are missing.
    byte[] grey =
        TestPictures.encode(TestPictures.picture(WIDTH, HEIGHT, (x, y) -> 0x808080), "jpg");

    assertPixel(decode(grey), WIDTH - 1, HEIGHT - 1, Color.GRAY, LOSSLESS);
  }

  @Test
  void aGreyJpegWhoseOneComponentClaimsMoreSamplesIsRead() throws Exception {
    BufferedImage grey = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSamples(0, 0, WIDTH, HEIGHT, 0, filled(WIDTH * HEIGHT, 128));
    byte[] jpeg = TestPictures.encode(grey, "jpg");
    // Sampling factors relate components to each other; those of a single component have no effect.
    jpeg[TestPictures.indexOf(jpeg, "\u00ff\u00c0") + 11] = 0x22;

    assertPixel(decode(jpeg), WIDTH - 1, HEIGHT - 1, Color.GRAY, LOSSLESS);
  }

  private static int[] filled(int length, int value) {
    int[] values = new int[length];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void whatFollowsTheEndOfAFileIsIgnored() throws Exception {
    for (String format : List.of("jpg", "png", "gif")) {
      byte[] encoded = TestPictures.encode(indexed(TestPictures.quadrants(), 8), format);
      byte[] longer = TestPictures.concat(encoded, new byte[] {1, 2, 3, (byte) 0xff});
      assertThat(decode(longer).pixels()).isEqualTo(decode(encoded).pixels());
    }
  }

  @Test
  void nativeMemoryStaysWhereItIsAndCloseFreesIt() throws Exception {
    List<byte[]> files = formats().map(format -> (byte[]) format.get()[2]).toList();
    byte[] broken = TestPictures.encode(TestPictures.quadrants(), "png");
    broken[broken.length - 30] ^= 1;
    long before = Pointer.totalBytes();

    try (ImageDecoder decoder = new ImageDecoder(64, 64, Views.TEN, DecodeLimits.DEFAULT)) {
      for (byte[] file : files) {
        decoder.decode(file);
      }
      long warm = Pointer.totalBytes();
      for (int round = 0; round < 20; round++) {
        for (byte[] file : files) {
          decoder.decode(file);
          TestPictures.whole(decoder, 64, file);
        }
        assertThatThrownBy(() -> decoder.decode(broken))
            .isInstanceOf(UnreadableImageException.class);
      }
      assertThat(Pointer.totalBytes()).isEqualTo(warm);
    }

    assertThat(Pointer.totalBytes()).isEqualTo(before);
  }

  @Test
  void cropsAreCutAndFlipped() {
    RgbImage image = new RgbImage(5, 4, coordinates(5, 4));

    assertThat(image.crop(1, 2, 2, false)).containsExactly(1, 2, 7, 2, 2, 7, 1, 3, 7, 2, 3, 7);
    assertThat(image.crop(1, 2, 2, true)).containsExactly(2, 2, 7, 1, 2, 7, 2, 3, 7, 1, 3, 7);
    assertThat(image.crop(1, 0, 3, true))
        .startsWith(3, 0, 7, 2, 0, 7, 1, 0, 7, 3, 1, 7, 2, 1, 7, 1, 1, 7);
    assertThat(image.crop(1, 0, 4, true)).endsWith(4, 3, 7, 3, 3, 7, 2, 3, 7, 1, 3, 7);
    assertThatThrownBy(() -> image.crop(3, 0, 3, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> new RgbImage(5, 4, new byte[59]))
        .hasMessage("59 bytes are not a 5 x 4 RGB image");
  }

  private static byte[] coordinates(int width, int height) {
    byte[] pixels = new byte[width * height * 3];
    for (int i = 0; i < width * height; i++) {
      pixels[3 * i] = (byte) (i % width);
      pixels[3 * i + 1] = (byte) (i / width);
      pixels[3 * i + 2] = 7;
    }
    return pixels;
  }

  /** The whole image, unscaled. */
  private static RgbImage decode(byte[] encoded) throws UnreadableImageException {
    ImageHeader header = ImageHeader.read(encoded);
    int side = Math.min(header.width(), header.height());
    try (ImageDecoder decoder = new ImageDecoder(side, 1, Views.CENTER, DecodeLimits.DEFAULT)) {
      return TestPictures.whole(decoder, side, encoded);
    }
  }

  private static void assertQuadrants(RgbImage image, int tolerance) {
    assertThat(List.of(image.width(), image.height())).containsExactly(WIDTH, HEIGHT);
    for (int y = 8; y < HEIGHT; y += 48) {
      for (int x = 8; x < WIDTH; x += 80) {
        assertPixel(image, x, y, new Color(TestPictures.quadrant(x, y)), tolerance);
      }
    }
  }

  private static void assertPixel(RgbImage image, int x, int y, Color color, int tolerance) {
    int at = (y * image.width() + x) * 3;
    int[] expected = {color.getRed(), color.getGreen(), color.getBlue()};
    for (int c = 0; c < 3; c++) {
      assertThat(image.pixels()[at + c] & 0xff)
          .as("channel %d at %d, %d", c, x, y)
          .isCloseTo(expected[c], within(tolerance));
    }
  }

  /** The same image with a palette of two or eight bits. */
  private static BufferedImage indexed(BufferedImage image, int bits) {
    int size = 1 << bits;
    byte[][] channels = new byte[3][size];
    for (int i = 0; i < QUADRANTS.size(); i++) {
      channels[0][i] = (byte) QUADRANTS.get(i).getRed();
      channels[1][i] = (byte) QUADRANTS.get(i).getGreen();
      channels[2][i] = (byte) QUADRANTS.get(i).getBlue();
    }
    IndexColorModel model = new IndexColorModel(bits, size, channels[0], channels[1], channels[2]);
    BufferedImage indexed =
        new BufferedImage(
            WIDTH,
            HEIGHT,
            bits == 8 ? BufferedImage.TYPE_BYTE_INDEXED : BufferedImage.TYPE_BYTE_BINARY,
            model);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        indexed.getRaster().setSample(x, y, 0, QUADRANTS.indexOf(new Color(image.getRGB(x, y))));
      }
    }
    return indexed;
  }

  private static byte[] samples8(IntBinaryOperator argb) {
    return samples8(WIDTH, HEIGHT, argb, 4);
  }

  /** Red, green, blue and, if there are four samples, alpha. */
  private static byte[] samples8(int width, int height, IntBinaryOperator argb, int perPixel) {
    ByteBuffer samples = ByteBuffer.allocate(width * height * perPixel);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int color = argb.applyAsInt(x, y);
        samples.put((byte) (color >> 16)).put((byte) (color >> 8)).put((byte) color);
        if (perPixel == 4) {
          samples.put((byte) (color >> 24));
        }
      }
    }
    return samples.array();
  }

  /** As {@link #samples8}, each byte twice; three samples per pixel if the image has no alpha. */
  private static byte[] samples16(IntBinaryOperator argb) {
    boolean alpha =
        argb.applyAsInt(0, 0) >>> 24 != 0xff || argb.applyAsInt(WIDTH - 1, 0) >>> 24 != 0xff;
    byte[] narrow = samples8(WIDTH, HEIGHT, argb, alpha ? 4 : 3);
    byte[] wide = new byte[narrow.length * 2];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = narrow[i / 2];
    }
    return wide;
  }

  /** {@link #samples16} in a PNG's lines, each after its filter byte. */
  private static byte[] scanlines16(IntBinaryOperator argb) {
    byte[] samples = samples16(argb);
    int row = samples.length / HEIGHT;
    byte[] lines = new byte[samples.length + HEIGHT];
    for (int y = 0; y < HEIGHT; y++) {
      System.arraycopy(samples, y * row, lines, y * (row + 1) + 1, row);
    }
    return lines;
  }
}
