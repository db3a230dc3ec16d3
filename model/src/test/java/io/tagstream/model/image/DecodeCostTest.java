package io.tagstream.model.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The memory and time that small files within the other limits may take. */
class DecodeCostTest {
  private static final int SIDE = 8_000;
  private static final long MEGABYTE = 1_000_000;

  /** A name, the file, and the least and most megabytes that its decoding takes. */
  static Stream<Arguments> files() {
    return Stream.of(
        Arguments.of("PNG of RGBA in 16 bits", png(16, 6, new byte[0]), 704, 708),
        Arguments.of("PNG of RGBA in 8 bits", png(8, 6, new byte[0]), 448, 452),
        Arguments.of("PNG of grey in 16 bits with a key", png(16, 0, new byte[2]), 320, 324),
        Arguments.of("PNG of RGB", png(8, 2, new byte[0]), 192, 196),
        Arguments.of("GIF of one pixel on a large canvas", gif(), 192, 196),
        Arguments.of("WebP of one frame on a large canvas", animation(), 192, 196),
        Arguments.of("progressive JPEG without subsampling", jpeg(0xc2, 0x11, 0x11), 384 + 3, 392),
        Arguments.of("progressive JPEG with subsampling", jpeg(0xc2, 0x22, 0x11), 192 + 3, 200),
        Arguments.of("sequential JPEG", jpeg(0xc0, 0x22, 0x11), 3, 8),
        Arguments.of("lossless WebP of 65,536 codes", lossless(2), 820, 860),
        Arguments.of("lossless WebP of 256 codes", lossless(6), 8, 16));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void whatAPictureTakesIsKnownFromItsHeader(String name, byte[] file, long least, long most)
      throws Exception {
    assertThat(file.length).isLessThan(1 << 20);
    ImageFile image = ImageFile.open(new EncodedBytes(file));
    if (!(image instanceof JpegFile)) {
      // Here the scans are missing.
      image.checkWhole();
    }

    try (PixelDecoder decoder = new PixelDecoder(256, 227, Views.CENTER)) {
      assertThat(decoder.centreBytes(image)).isBetween(least * MEGABYTE, most * MEGABYTE);
    }
  }

  @Test
  void aPictureThatTakesMoreThanThereIsIsRefused() {
    UnreadableImageException refused = refuse(gif(), limits(100 << 20, Duration.ofSeconds(30)));

    assertThat(refused.stage()).isEqualTo(Stage.LIMIT);
    assertThat(refused.reason())
        .matches(
            "decoding the GIF's 8000 x 8000 pixels takes 19\\d{7} bytes, over image.memory 104857600");
    assertThat(DecodeMemory.PROCESS.claimed()).isZero();
  }

  @Test
  void theRegionsOwnSizeCounts() throws Exception {
    byte[] png = TestPictures.encode(TestPictures.coordinates(100, 100), "png");
    DecodeLimits limits = limits(16 << 20, Duration.ofSeconds(30));

    try (ImageDecoder decoder = new ImageDecoder(8, 8, Views.CENTER, limits)) {
      Region.Choice large = (width, height) -> new Region(0, 0, width, height, 4_000, 4_000);
      assertThatThrownBy(() -> decoder.decodeRegion(png, large, ColorChange.NONE))
          .hasMessageContaining("over image.memory 16777216");
      assertThat(decoder.decode(png)).hasSize(8 * 8 * 3);
    }
  }

  @Test
  void aDecodeOverItsTimeIsGivenUpAndTheNextOneIsNotHurt() throws Exception {
    byte[] good = TestPictures.encode(TestPictures.quadrants(), "png");
    byte[] slow = slow();
    long before = Pointer.totalBytes();
    DecodeLimits limits = limits(1 << 30, Duration.ofMillis(10));

    try (ImageDecoder decoder = new ImageDecoder(64, 64, Views.CENTER, limits);
        ImageDecoder patient = new ImageDecoder(64, 64, Views.CENTER, DecodeLimits.DEFAULT)) {
      byte[] expected = patient.decode(good);
      for (int i = 0; i < 2; i++) {
        UnreadableImageException refused =
            catchThrowableOfType(UnreadableImageException.class, () -> decoder.decode(slow));
        assertThat(refused.stage()).isEqualTo(Stage.LIMIT);
        assertThat(refused.reason())
            .isEqualTo(
                "decoding the PNG's 4000 x 4000 pixels took longer than image.decode-timeout 10 ms");
        assertThat(patient.decode(good)).isEqualTo(expected);
      }
    }

    while (HungDecodes.PROCESS.count() > 0) {
      Thread.sleep(1);
    }
    // Wait until they have released their memory.
    while (DecodeMemory.PROCESS.claimed() > 0 || Pointer.totalBytes() != before) {
      Thread.sleep(1);
    }
  }

  @Test
  void tooManyHungDecodesAreAnError() {
    HungDecodes hung = new HungDecodes(2);
    hung.add();
    hung.add();
    hung.requireWithinLimit();
    hung.add();

    assertThatThrownBy(hung::requireWithinLimit)
        .isInstanceOf(HungDecodersException.class)
        .hasMessage(
            "3 images are over image.decode-timeout and their decoding has not ended; only a restart of the process frees their threads and memory");
    hung.remove();
    hung.requireWithinLimit();
  }

  @Test
  void theFewestBytesDoNotHideManyCodes() {
    // Counts the groups that fit into so few bytes, not one per block.
    byte[] cut = new byte[40];
    long bytes = LosslessWebp.tableBytes(new EncodedBytes(cut), 5, 40, 16_000, 4_000);

    assertThat(bytes).isLessThan(1 << 20);
  }

  private static DecodeLimits limits(long memory, Duration timeout) {
    return new DecodeLimits(20 << 20, 64_000_000, memory, timeout);
  }

  private static UnreadableImageException refuse(byte[] encoded, DecodeLimits limits) {
    try (ImageDecoder decoder = new ImageDecoder(64, 64, Views.CENTER, limits)) {
      return catchThrowableOfType(UnreadableImageException.class, () -> decoder.decode(encoded));
    }
  }

  /** Takes at least a tenth of a second: 16 megapixels with an alpha channel. */
  private static byte[] slow() {
    return TestPictures.png(4_000, 4_000, 8, 6, new byte[4_000 * (1 + 4 * 4_000)]);
  }

  /** A PNG whose header declares pixels that are missing. */
  private static byte[] png(int bits, int colorType, byte[] key) {
    byte[] png = TestPictures.png(SIDE, SIDE, bits, colorType, new byte[10]);
    return key.length == 0 ? png : TestPictures.withChunk(png, "tRNS", key);
  }

  private static byte[] gif() {
    ByteBuffer gif = ByteBuffer.allocate(35).order(ByteOrder.LITTLE_ENDIAN);
    gif.put("GIF89a".getBytes(ISO_8859_1)).putShort((short) SIDE).putShort((short) SIDE);
    gif.put(HexFormat.of().parseHex("800000" + "000000ffffff" + "2c"));
    gif.putInt(0).putShort((short) 1).putShort((short) 1);
    return gif.put(HexFormat.of().parseHex("00" + "0202440100" + "3b")).array();
  }

  private static byte[] animation() {
    byte[] still = TestPictures.encodeWebp(1, 1, (x, y) -> 0, false);
    ByteBuffer frame = ByteBuffer.allocate(16 + still.length - 12);
    frame.position(16).put(still, 12, still.length - 12);
    ByteBuffer file = ByteBuffer.allocate(38 + frame.capacity()).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(ISO_8859_1)).putInt(file.capacity() - 8);
    file.put("WEBPVP8X".getBytes(ISO_8859_1)).putInt(10).putInt(2);
    file.putShort((short) (SIDE - 1)).put((byte) 0).putShort((short) (SIDE - 1)).put((byte) 0);
    file.put("ANMF".getBytes(ISO_8859_1)).putInt(frame.capacity());
    return file.put(frame.array()).array();
  }

  /**
   * Headers of a JPEG of three components: the frame's kind, the first's and the others' factors.
   */
  private static byte[] jpeg(int frame, int first, int others) {
    String size = "%04x%04x".formatted(SIDE, SIDE);
    String hex =
        "ffd8 ff%02x 0011 08 %s 03 01%02x00 02%02x01 03%02x01 ffda 000c 03 0100 0211 0311 00 01 01 ffd9"
            .formatted(frame, size, first, others, others);
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  /**
   * A lossless WebP in which each block may have a separate group of codes.
   *
   * @param blockBits the bits of a block's side
   */
  private static byte[] lossless(int blockBits) {
    ByteArrayOutputStream bits = new ByteArrayOutputStream();
    long header = 0x2fL | 1023L << 8 | 1023L << 22;
    // No transform, no cache, several groups, then the block's side.
    header |= 1L << 42 | (long) (blockBits - 2) << 43;
    ByteBuffer start = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header);
    bits.writeBytes(start.array());
    bits.writeBytes(new byte[200_000]);
    ByteBuffer file = ByteBuffer.allocate(20 + bits.size()).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(ISO_8859_1)).putInt(file.capacity() - 8);
    file.put("WEBPVP8L".getBytes(ISO_8859_1)).putInt(bits.size());
    return file.put(bits.toByteArray()).array();
  }
}
