package io.tagstream.model.image;

import static io.tagstream.model.image.TestTiff.LONG;
import static io.tagstream.model.image.TestTiff.LONG8;
import static io.tagstream.model.image.TestTiff.SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A damaged, inconsistent or unsupported TIFF is rejected, and the reason names the fault. */
class BrokenTiffTest {
  private static final int SIDE = 64;
  private static final int RGB = 2;

  @ParameterizedTest
  @ValueSource(strings = {"LZW", "ZLib", "Deflate", "PackBits", "JPEG"})
  void aStripWhoseSecondHalfIsZeroedIsRefused(String compression) {
    Random random = new Random(3);
    BufferedImage noise = TestPictures.picture(SIDE, SIDE, (x, y) -> random.nextInt());

    assertThat(refuse(zeroed(TestPictures.encodeTiff(noise, compression))).reason())
        .startsWith("broken TIFF: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"CCITT RLE", "CCITT T.4", "CCITT T.6"})
  void aFaxWhoseSecondHalfIsZeroedIsRefused(String compression) {
    Random random = new Random(3);
    BufferedImage bits = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_BINARY);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        bits.setRGB(x, y, random.nextBoolean() ? 0xffffff : 0);
      }
    }

    assertThat(refuse(zeroed(TestPictures.encodeTiff(bits, compression))).reason())
        .startsWith("broken TIFF: ");
  }

  /** The second half of each strip's data becomes zeros. */
  private static byte[] zeroed(byte[] tiff) {
    try {
      TiffDirectory directory = new TiffDirectory(new EncodedBytes(tiff));
      for (int i = 0; i < directory.count(TiffDirectory.STRIP_OFFSETS); i++) {
        int from = (int) directory.valueAt(TiffDirectory.STRIP_OFFSETS, i);
        int length = (int) directory.valueAt(TiffDirectory.STRIP_BYTE_COUNTS, i);
        Arrays.fill(tiff, from + length / 2, from + length, (byte) 0);
      }
      return tiff;
    } catch (UnreadableImageException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void aWrongChecksumIsRefused() {
    byte[] tiff = TestPictures.encodeTiff(TestPictures.quadrants(), "ZLib");
    byte[] end = {0, 0, 0, 0};
    try {
      TiffDirectory directory = new TiffDirectory(new EncodedBytes(tiff));
      int last =
          (int) directory.valueAt(TiffDirectory.STRIP_OFFSETS, 0)
              + (int) directory.valueAt(TiffDirectory.STRIP_BYTE_COUNTS, 0);
      System.arraycopy(end, 0, tiff, last - 4, 4);
    } catch (UnreadableImageException e) {
      throw new IllegalArgumentException(e);
    }

    assertThat(refuse(tiff).reason())
        .isEqualTo("broken TIFF: damaged Deflate data: incorrect data check");
  }

  @ParameterizedTest
  @CsvSource({
    "259, 50013, unsupported TIFF: compression 50013",
    "259, 34925, unsupported TIFF: compression 34925 (LZMA)",
    "259, 50000, unsupported TIFF: compression 50000 (Zstandard)",
    "259, 32809, unsupported TIFF: compression 32809 (ThunderScan)",
    "262, 10, unsupported TIFF: photometric interpretation 10 (ITU L*a*b*)",
    "262, 32803, unsupported TIFF: photometric interpretation 32803 (colour filter array)",
    "339, 2, unsupported TIFF: 8-bit signed integers",
    "339, 6, unsupported TIFF: 8-bit complex float",
    "339, 3, unsupported TIFF: 8-bit float",
    "258, 48, unsupported TIFF: 48-bit integers",
    "277, 100, unsupported TIFF: 100 samples a pixel",
    "262, 5, 'broken TIFF: 3 samples a pixel for CMYK'",
    "262, 3, 'broken TIFF: a palette of 0 numbers, 768 needed'",
    "259, 4, unsupported TIFF: fax compression of 3 samples of 8 bits a pixel"
  })
  void whatIsNotDecodedIsNamed(int tag, int value, String reason) {
    assertThat(refuse(picture().with(tag, SHORT, value).build()).reason()).isEqualTo(reason);
  }

  @Test
  void propertiesThatAreNotDecodedTogetherAreNamed() {
    assertReason(
        TestTiff.of(SIDE, SIDE, 4, 1, 1)
            .with(TiffDirectory.COMPRESSION, SHORT, 5)
            .with(TiffDirectory.PREDICTOR, SHORT, 2),
        "unsupported TIFF: predictor 2 with 4-bit integers");
    assertReason(
        TestTiff.of(SIDE, SIDE, 8, 4, 5).with(TiffDirectory.COMPRESSION, SHORT, 7),
        "unsupported TIFF: JPEG of 4 samples a pixel");
    assertReason(TestTiff.of(SIDE, SIDE, 16, 3, 6), "unsupported TIFF: YCbCr of 16-bit samples");
    assertReason(
        TestTiff.of(SIDE, SIDE, 8, 4, 5).with(TiffDirectory.INK_SET, SHORT, 2),
        "unsupported TIFF: ink set 2");
    assertReason(
        TestTiff.of(SIDE, SIDE, 8, 3, 2).with(TiffDirectory.BITS_PER_SAMPLE, SHORT, 8, 6, 8),
        "unsupported TIFF: 8 and 6 bits a sample");
  }

  @Test
  void fractionsThatAreNoPictureAreRefused() {
    byte[] heights = new byte[4 * 4];
    ByteBuffer.wrap(heights).order(ByteOrder.LITTLE_ENDIAN).putFloat(812).putFloat(934).putFloat(9);

    assertReason(
        TestTiff.of(4, 1, 32, 1, 1).with(TiffDirectory.SAMPLE_FORMAT, SHORT, 3).piece(heights),
        "unsupported TIFF: 32-bit float outside 0 to 1");
  }

  @Test
  void aTagThatStandsTwiceIsRefused() {
    assertReason(
        picture().again(TiffDirectory.HEIGHT, 40_000), "broken TIFF: tag 257 occurs twice");
  }

  @Test
  void aTypeThatOthersReadOtherwiseIsRefused() {
    // Eight-byte numbers: only BigTIFF has them, but libtiff accepts them everywhere.
    assertReason(
        picture().with(TiffDirectory.HEIGHT, LONG8, 40_000), "broken TIFF: tag 257 has type 16");
    assertReason(picture().with(TiffDirectory.WIDTH, 12, 64), "broken TIFF: tag 256 has type 12");
    assertReason(picture().with(TiffDirectory.WIDTH, 9, -1), "broken TIFF: tag 256 is -1");
  }

  @Test
  void aDirectoryOutsideTheFileIsRefused() {
    byte[] tiff = picture().build();
    ByteBuffer.wrap(tiff).order(ByteOrder.LITTLE_ENDIAN).putInt(4, -2);
    assertThat(refuse(tiff).reason()).contains("cut short");

    byte[] big = TestTiff.of(ByteOrder.BIG_ENDIAN, true, 1, 1, 8, 1, 1).piece(new byte[1]).build();
    ByteBuffer.wrap(big).putLong(8, Long.MIN_VALUE + 16);
    assertThat(refuse(big).reason()).contains("cut short");
  }

  @Test
  void aMillionStripsOfOneRowAreRead() throws Exception {
    int rows = 1_000_000;
    long[] offsets = new long[rows];
    long[] counts = new long[rows];
    Arrays.fill(offsets, 8);
    Arrays.fill(counts, 3);
    byte[] tiff =
        TestTiff.of(1, rows, 8, 3, RGB)
            .with(TiffDirectory.ROWS_PER_STRIP, LONG, 1)
            .with(TiffDirectory.STRIP_OFFSETS, LONG, offsets)
            .with(TiffDirectory.STRIP_BYTE_COUNTS, LONG, counts)
            .piece(new byte[] {1, 2, 3})
            .build();

    try (ImageDecoder decoder = new ImageDecoder(1, 1, Views.CENTER, DecodeLimits.DEFAULT)) {
      assertThat(decoder.decode(tiff)).isEqualTo(new byte[] {1, 2, 3});
    }
  }

  @Test
  void jpegsThatOverlapOrAreTooManyAreRefused() {
    byte[] jpeg = TestPictures.encode(TestPictures.picture(SIDE, 1, (x, y) -> x), "jpg");
    int rows = 20_000;
    long[] offsets = new long[rows];
    long[] counts = new long[rows];
    Arrays.fill(offsets, 8);
    Arrays.fill(counts, jpeg.length);
    TestTiff tiff =
        TestTiff.of(SIDE, rows, 8, 3, 6)
            .with(TiffDirectory.COMPRESSION, SHORT, 7)
            .with(TiffDirectory.ROWS_PER_STRIP, LONG, 1)
            .with(TiffDirectory.STRIP_OFFSETS, LONG, offsets)
            .with(TiffDirectory.STRIP_BYTE_COUNTS, LONG, counts)
            .piece(jpeg);

    assertLimit(tiff, "the TIFF holds 20000 JPEGs, over 10000");
    UnreadableImageException overlap =
        refuse(tiff.with(TiffDirectory.ROWS_PER_STRIP, LONG, 4).build());
    assertThat(overlap.stage()).isEqualTo(Stage.LIMIT);
    assertThat(overlap.reason())
        .matches("the TIFF's JPEGs of \\d+ bytes overlap in a file of \\d+");
  }

  @Test
  void tilesAndRowsFarLargerThanThePictureAreRefused() {
    TestTiff narrow =
        TestTiff.of(1, 1_000_000, 8, 1, 1)
            .with(TiffDirectory.TILE_WIDTH, LONG, 1 << 20)
            .with(TiffDirectory.TILE_HEIGHT, LONG, 1);
    assertLimit(narrow, "the TIFF's tiles of 1048576 x 1 are far larger than its image");
    assertLimit(
        TestTiff.of(1 << 20, 1, 64, 8, RGB), "the TIFF's rows of 67108864 bytes are over 33554432");
    assertLimit(
        TestTiff.of((1 << 20) + 1, 1, 1, 1, 1),
        "the TIFF's header declares rows of 1048577 pixels, over 1048576");
  }

  private static TestTiff picture() {
    return TestTiff.of(SIDE, SIDE, 8, 3, RGB).piece(new byte[SIDE * SIDE * 3]);
  }

  private static void assertReason(TestTiff tiff, String reason) {
    assertThat(refuse(tiff.build()).reason()).isEqualTo(reason);
  }

  private static void assertLimit(TestTiff tiff, String reason) {
    UnreadableImageException refused = refuse(tiff.build());
    assertThat(refused.reason()).isEqualTo(reason);
    assertThat(refused.stage()).isEqualTo(Stage.LIMIT);
  }

  private static UnreadableImageException refuse(byte[] encoded) {
    try (ImageDecoder decoder = new ImageDecoder(1, 1, Views.CENTER, DecodeLimits.DEFAULT)) {
      UnreadableImageException refused =
          catchThrowableOfType(UnreadableImageException.class, () -> decoder.decode(encoded));
      assertThat(refused).as("the exception").isNotNull();
      return refused;
    }
  }
}
