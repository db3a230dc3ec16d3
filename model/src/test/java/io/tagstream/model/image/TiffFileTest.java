package io.tagstream.model.image;

import static io.tagstream.model.image.TestTiff.LONG;
import static io.tagstream.model.image.TestTiff.SHORT;
import static io.tagstream.model.image.TiffDirectory.COLOR_MAP;
import static io.tagstream.model.image.TiffDirectory.COMPRESSION;
import static io.tagstream.model.image.TiffDirectory.EXTRA_SAMPLES;
import static io.tagstream.model.image.TiffDirectory.FILL_ORDER;
import static io.tagstream.model.image.TiffDirectory.JPEG_OFFSET;
import static io.tagstream.model.image.TiffDirectory.ORIENTATION;
import static io.tagstream.model.image.TiffDirectory.PLANAR_CONFIGURATION;
import static io.tagstream.model.image.TiffDirectory.PREDICTOR;
import static io.tagstream.model.image.TiffDirectory.SAMPLE_FORMAT;
import static io.tagstream.model.image.TiffDirectory.TILE_HEIGHT;
import static io.tagstream.model.image.TiffDirectory.TILE_WIDTH;
import static io.tagstream.model.image.TiffDirectory.YCBCR_SUBSAMPLING;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decodes TIFFs of all sample formats and compressions, and compares each pixel. */
class TiffFileTest {
  private static final int WHITE_IS_ZERO = 0;
  private static final int BLACK_IS_ZERO = 1;
  private static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int CMYK = 5;
  private static final int YCBCR = 6;
  private static final int CIE_LAB = 8;
  private static final int ICC_LAB = 9;
  private static final int LZW = 5;
  private static final int OLD_JPEG = 6;
  private static final int DEFLATE = 8;

  @ParameterizedTest
  @CsvSource({
    "1, 50, 000000 ffffff 000000 ffffff",
    "2, 1b, 000000 555555 aaaaaa ffffff",
    "4, 0f73, 000000 ffffff 777777 333333",
    "8, 00ff7733, 000000 ffffff 777777 333333",
    "12, 000fff 777800, 000000 ffffff 777777 808080"
  })
  void greyOfEachDepthIsRead(int bits, String row, String expected) throws Exception {
    String inverted = invert(expected);
    assertPixels(TestTiff.of(4, 1, bits, 1, BLACK_IS_ZERO).piece(hex(row)), expected);
    assertPixels(TestTiff.of(4, 1, bits, 1, WHITE_IS_ZERO).piece(hex(row)), inverted);
  }

  @ParameterizedTest
  @CsvSource({
    "16, 1, ffff 8000 0000",
    "24, 1, ffffff 800000 000000",
    "32, 1, ffffffff 80000000 00000000",
    "64, 1, ffffffffffffffff 8000000000000000 0000000000000000",
    // A half, a float and a double: 1, 0.5 and a value below 0.
    "16, 3, 3c00 3800 8001",
    "32, 3, 3f800000 3f000000 bf800000",
    "64, 3, 3ff0000000000000 3fe0000000000000 bff0000000000000"
  })
  void wideSamplesAreReadInBothByteOrders(int bits, int format, String row) throws Exception {
    byte[] big = hex(row);
    byte[] little = new byte[big.length];
    int bytes = bits / 8;
    for (int i = 0; i < big.length; i++) {
      little[i / bytes * bytes + bytes - 1 - i % bytes] = big[i];
    }
    for (boolean bigTiff : new boolean[] {false, true}) {
      for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
        TestTiff grey =
            TestTiff.of(order, bigTiff, 3, 1, bits, 1, BLACK_IS_ZERO)
                .with(SAMPLE_FORMAT, SHORT, format)
                .piece(order == ByteOrder.BIG_ENDIAN ? big : little);
        assertPixels(grey, "ffffff 808080 000000");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // Straight, premultiplied, unspecified, and not declared.
    "2, 40201080, 9f8f87",
    "1, 60200080, df9f7f",
    "0, 60200080, 602000",
    "-1, 40201080, 9f8f87"
  })
  void alphaIsLaidOverWhite(int extra, String pixel, String expected) throws Exception {
    for (int bits : new int[] {8, 16}) {
      TestTiff tiff = TestTiff.of(1, 1, bits, 4, RGB).piece(samples(bits, pixel));
      if (extra >= 0) {
        tiff.with(EXTRA_SAMPLES, SHORT, extra);
      }
      assertPixels(tiff, expected);
    }
  }

  @Test
  void greyAndPaletteWithAlphaLieOverWhite() throws Exception {
    assertPixels(
        TestTiff.of(2, 1, 8, 2, BLACK_IS_ZERO).with(EXTRA_SAMPLES, SHORT, 2).piece(hex("20800000")),
        "8f8f8f ffffff");
    assertPixels(
        TestTiff.of(2, 1, 8, 2, PALETTE)
            .with(EXTRA_SAMPLES, SHORT, 2)
            .with(COLOR_MAP, SHORT, map(256, 257))
            .piece(hex("30ff 3000")),
        "303030 ffffff");
  }

  @Test
  void anAlphaThatComesAfterAnotherExtraSampleCounts() throws Exception {
    assertPixels(
        TestTiff.of(1, 1, 8, 5, RGB).with(EXTRA_SAMPLES, SHORT, 0, 2).piece(hex("402010 77 80")),
        "9f8f87");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void indicesAreLookedUpInThePalette(int bits) throws Exception {
    int colors = 1 << bits;
    long[] map = new long[3 * colors];
    // The last colour: orange.
    map[colors - 1] = 0xffff;
    map[2 * colors - 1] = 0x8080;
    byte[] row = {(byte) 0xff, (byte) 0xff};

    assertPixels(
        TestTiff.of(1, 1, bits, 1, PALETTE).with(COLOR_MAP, SHORT, map).piece(row), "ff8000");
  }

  @Test
  void aPaletteOfBytesIsReadAsOne() throws Exception {
    assertPixels(
        TestTiff.of(2, 1, 8, 1, PALETTE).with(COLOR_MAP, SHORT, map(256, 1)).piece(hex("30ff")),
        "303030 ffffff");
  }

  @Test
  void inksAreTakenFromWhite() throws Exception {
    for (int bits : new int[] {8, 16}) {
      assertPixels(
          TestTiff.of(3, 1, bits, 4, CMYK).piece(samples(bits, "00ff0000 00000080 00000000")),
          "ff00ff 7f7f7f ffffff");
    }
  }

  @Test
  void chromaIsSharedByUnits() throws Exception {
    // Two units of two by two: luma 0, 80, 160, 255, then grey chroma; the edge cuts the second.
    byte[] units = hex("0050a0ff 8080 10ffffff 8080 00ff0000 8080 ffffffff 8080");

    assertPixels(
        TestTiff.of(3, 3, 8, 3, YCBCR).with(YCBCR_SUBSAMPLING, SHORT, 2, 2).piece(units),
        "000000 505050 101010 a0a0a0 ffffff ffffff 000000 ffffff ffffff");
    // Pure red by the default coefficients.
    assertPixels(
        TestTiff.of(1, 1, 8, 3, YCBCR).with(YCBCR_SUBSAMPLING, SHORT, 1, 1).piece(hex("4c55ff")),
        "fe0000");
  }

  @Test
  void labIsReadWithSignedAndWithShiftedNumbers() throws Exception {
    assertPixels(TestTiff.of(2, 1, 8, 3, CIE_LAB).piece(hex("ff0000 000000")), "ffffff 000000");
    assertPixels(TestTiff.of(2, 1, 8, 3, ICC_LAB).piece(hex("ff8080 008080")), "ffffff 000000");
    // L* 53.2, a* 80.1, b* 67.2 is sRGB's red, under D65; under D50 it is near it.
    String red =
        TestPictures.asStored(TestTiff.of(1, 1, 8, 3, CIE_LAB).piece(hex("885043")).build());
    assertThat(Integer.parseInt(red.substring(0, 2), 16)).isGreaterThan(245);
    assertThat(Integer.parseInt(red.substring(2, 4), 16)).isLessThan(30);
  }

  @Test
  void planesOfSixteenBitsWithAlphaAreRead() throws Exception {
    TestTiff tiff =
        TestTiff.of(2, 2, 16, 4, RGB)
            .with(PLANAR_CONFIGURATION, SHORT, 2)
            .with(EXTRA_SAMPLES, SHORT, 2);
    // Red, green, blue and alpha of four pixels, the last one transparent.
    for (String plane : new String[] {"ff004000", "00ff2000", "00001000", "ffff8000"}) {
      tiff.piece(samples(16, plane));
    }

    assertPixels(tiff, "ff0000 00ff00 9f8f87 ffffff");
  }

  @ParameterizedTest
  @CsvSource({"5, 8", "8, 8", "5, 16", "8, 16", "8, 32", "8, 64"})
  void differencesFromTheLeftAreAdded(int compression, int bits) throws Exception {
    byte[] row = samples(bits, "10a0ff f0b000 00c010");
    int bytes = bits / 8;
    for (int at = row.length - bytes; at >= 3 * bytes; at -= bytes) {
      long difference = little(row, at, bytes) - little(row, at - 3 * bytes, bytes);
      for (int i = 0; i < bytes; i++) {
        row[at + i] = (byte) (difference >> (8 * i));
      }
    }

    assertPixels(
        TestTiff.of(3, 1, bits, 3, RGB)
            .with(COMPRESSION, SHORT, compression)
            .with(PREDICTOR, SHORT, 2)
            .piece(compression == LZW ? lzw(row) : deflate(row)),
        "10a0ff f0b000 00c010");
  }

  @Test
  void floatsWhoseBytesStandByWeightAreJoined() throws Exception {
    // 0, 0.5, 1: the most significant bytes, 00 3f 3f, then 00 00 80, each minus the one before.
    byte[] row = hex("00 3f 00 c1 00 80 80 00 00 00 00 00");

    assertPixels(
        TestTiff.of(3, 1, 32, 1, BLACK_IS_ZERO)
            .with(SAMPLE_FORMAT, SHORT, 3)
            .with(COMPRESSION, SHORT, DEFLATE)
            .with(PREDICTOR, SHORT, 3)
            .piece(deflate(row)),
        "000000 808080 ffffff");
  }

  @ParameterizedTest
  @ValueSource(strings = {"CCITT RLE", "CCITT T.4", "CCITT T.6"})
  void runsOfEveryLengthAreRead(String compression) throws Exception {
    // Written by the JDK: row n has runs of n and of the rest.
    BufferedImage bits = new BufferedImage(2_700, 90, BufferedImage.TYPE_BYTE_BINARY);
    Random random = new Random(7);
    for (int y = 0; y < 90; y++) {
      boolean white = (y & 1) == 0;
      for (int x = 0; x < 2_700; white = !white) {
        int run = y < 66 ? y + 1 : 1 + random.nextInt(2_700);
        for (int i = 0; i < run && x < 2_700; i++, x++) {
          bits.setRGB(x, y, white ? 0xffffff : 0);
        }
      }
    }

    assertThat(TestPictures.asStored(TestPictures.encodeTiff(bits, compression)))
        .isEqualTo(TestPictures.asStored(TestPictures.encode(bits, "png")));
  }

  @Test
  void faxRowsThatAreToldByWhatDiffersAreRead() throws Exception {
    // Group 3 with one- and two-dimensional rows: white, 3 black; then the same; then black one to
    // the left; and again with the lowest bit first.
    String bits =
        "000000000001"
            + "1"
            + "1011"
            + "10"
            + "1011"
            + "000000000001"
            + "0"
            + "111"
            + "000000000001"
            + "0"
            + "010"
            + "010"
            + "1";
    byte[] rows = new byte[(bits.length() + 7) / 8];
    byte[] reversed = new byte[rows.length];
    for (int i = 0; i < bits.length(); i++) {
      rows[i / 8] |= (byte) ((bits.charAt(i) - '0') << (7 - i % 8));
      reversed[i / 8] |= (byte) ((bits.charAt(i) - '0') << (i % 8));
    }
    String white = "ffffff ".repeat(4);
    String black = "000000 ".repeat(3);
    String expected =
        (white + black + white).repeat(2) + "ffffff ".repeat(3) + black + "ffffff ".repeat(5);

    for (boolean lowestFirst : new boolean[] {false, true}) {
      assertPixels(
          TestTiff.of(11, 3, 1, 1, WHITE_IS_ZERO)
              .with(COMPRESSION, SHORT, 3)
              .with(TiffDirectory.T4_OPTIONS, LONG, 1)
              .with(FILL_ORDER, SHORT, lowestFirst ? 2 : 1)
              .piece(lowestFirst ? reversed : rows),
          expected.strip());
    }
  }

  @Test
  void codesWithTheLowestBitFirstAreRead() throws Exception {
    // Clear, 65, 66, the code of both, end: nine bits each, the lowest bit first.
    int[] codes = {256, 65, 66, 258, 257};
    byte[] old = new byte[6];
    for (int i = 0; i < 9 * codes.length; i++) {
      old[i / 8] |= (byte) ((codes[i / 9] >> (i % 9) & 1) << (i % 8));
    }

    assertPixels(
        TestTiff.of(4, 1, 8, 1, BLACK_IS_ZERO).with(COMPRESSION, SHORT, LZW).piece(old),
        "414141 424242 414141 424242");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void tiledPicturesAreTurnedUpright(int orientation) throws Exception {
    int width = 100;
    int height = 52;
    TestTiff strips = TestTiff.of(width, height, 8, 3, RGB);
    ByteArrayOutputStream strip = new ByteArrayOutputStream();
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        strip.writeBytes(new byte[] {(byte) x, (byte) y, 77});
      }
    }
    strips.piece(strip.toByteArray());
    TestTiff tiles =
        TestTiff.of(width, height, 8, 3, RGB)
            .with(TILE_WIDTH, SHORT, 16)
            .with(TILE_HEIGHT, SHORT, 16);
    for (int top = 0; top < height; top += 16) {
      for (int left = 0; left < width; left += 16) {
        ByteArrayOutputStream tile = new ByteArrayOutputStream();
        for (int y = top; y < top + 16; y++) {
          for (int x = left; x < left + 16; x++) {
            tile.writeBytes(new byte[] {(byte) x, (byte) y, 77});
          }
        }
        tiles.piece(tile.toByteArray());
      }
    }

    String expected = TestPictures.asStored(strips.with(ORIENTATION, SHORT, orientation).build());
    assertPixels(tiles.with(ORIENTATION, SHORT, orientation), expected);
    // The upright position of the first stored pixel.
    Orientation turn = Orientation.of(orientation);
    int side = turn.transpose() ? height : width;
    int at =
        (turn.flipX() ? side - 1 : 0) + (turn.flipY() ? side * (width * height / side - 1) : 0);
    assertThat(expected.substring(7 * at, 7 * at + 6)).isEqualTo("00004d");
  }

  @Test
  void anOldStyleJpegIsReadWhereItIsAStream() throws Exception {
    byte[] jpeg = TestPictures.encode(TestPictures.quadrants(), "jpg");
    TestTiff tiff =
        TestTiff.of(TestPictures.WIDTH, TestPictures.HEIGHT, 8, 3, YCBCR)
            .with(COMPRESSION, SHORT, OLD_JPEG)
            .with(JPEG_OFFSET, LONG, 8)
            .piece(jpeg);

    assertPixels(tiff, TestPictures.asStored(jpeg));
  }

  @Test
  void whatIsSaidOfUncompressedStripsMayBeMissing() throws Exception {
    assertPixels(
        TestTiff.of(2, 1, 8, 1, BLACK_IS_ZERO)
            .with(TiffDirectory.STRIP_BYTE_COUNTS, LONG)
            .without(TiffDirectory.ROWS_PER_STRIP)
            .piece(hex("2040")),
        "202020 404040");
  }

  @Test
  void aPictureThatIsPlainInItselfIsTheSameInEachCompressionOfTheJdk() throws Exception {
    BufferedImage noise =
        TestPictures.picture(130, 70, (x, y) -> Integer.hashCode(x * 7919 + y * 104729));
    String expected = TestPictures.asStored(TestPictures.encode(noise, "png"));

    for (String compression : new String[] {"LZW", "ZLib", "Deflate", "PackBits"}) {
      assertThat(TestPictures.asStored(TestPictures.encodeTiff(noise, compression)))
          .as(compression)
          .isEqualTo(expected);
    }
  }

  private static void assertPixels(TestTiff tiff, String expected) throws Exception {
    assertThat(TestPictures.asStored(tiff.build())).isEqualTo(expected);
  }

  private static String invert(String colors) {
    StringBuilder inverted = new StringBuilder();
    for (String color : colors.split(" ", -1)) {
      inverted.append(" %06x".formatted(0xffffff - Integer.parseInt(color, 16)));
    }
    return inverted.substring(1);
  }

  /** A palette of greys: {@code index * factor} for each index. */
  private static long[] map(int colors, int factor) {
    long[] map = new long[3 * colors];
    for (int i = 0; i < map.length; i++) {
      map[i] = (long) i % colors * factor;
    }
    return map;
  }

  /** Widens samples of one byte each to {@code bits}, the lowest byte first. */
  private static byte[] samples(int bits, String digits) {
    byte[] narrow = hex(digits);
    byte[] wide = new byte[narrow.length * bits / 8];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = narrow[i / (bits / 8)];
    }
    return wide;
  }

  private static long little(byte[] row, int at, int bytes) {
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = value << 8 | (row[at + i] & 0xff);
    }
    return value;
  }

  /** LZW codes of nine bits without any repetition: clear, the bytes, end. */
  private static byte[] lzw(byte[] bytes) {
    ByteBuffer codes = ByteBuffer.allocate(2 * bytes.length + 4);
    long bits = 256;
    int count = 9;
    for (int i = 0; i <= bytes.length; i++) {
      bits = bits << 9 | (i == bytes.length ? 257 : bytes[i] & 0xff);
      count += 9;
      for (; count >= 8; count -= 8) {
        codes.put((byte) (bits >> (count - 8)));
      }
    }
    codes.put((byte) (bits << (8 - count)));
    return codes.array();
  }

  private static byte[] deflate(byte[] bytes) throws IOException {
    ByteArrayOutputStream deflated = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(deflated)) {
      deflater.write(bytes);
    }
    return deflated.toByteArray();
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replace(" ", ""));
  }
}
