package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Decodes BMPs with all kinds of headers, masks, palettes and run lengths, and compares each pixel.
 */
class BmpFileTest {
  /** Black, red, green, blue; in the file's order, blue first and one unused byte. */
  private static final String PALETTE = "00000000 0000ff00 00ff0000 ff000000";

  @ParameterizedTest
  @ValueSource(ints = {40, 52, 56, 108, 124})
  void masksOfSixteenBitsDecideInEveryHeader(int size) throws Exception {
    // Full red, green, blue and white: five and six bits are scaled to the whole range of eight.
    byte[] bmp = masked(size, 16, 3, "00f8 e007 1f00 ffff", 0xf800, 0x07e0, 0x001f, 0);

    assertPixels(bmp, 4, "ff0000 00ff00 0000ff ffffff");
  }

  @Test
  void fiveBitsAreScaledAndNotShifted() throws Exception {
    byte[] bmp = masked(40, 16, 0, "ff7f 0000 0040 1000", 0, 0, 0, 0);

    assertPixels(bmp, 4, "ffffff 000000 840000 000084");
  }

  @Test
  void masksAfterAHeaderOfFortyBytesDecideTheChannels() throws Exception {
    int red = 0x336699;
    byte[] rgbx = masked(40, 32, 3, "00996633", 0xff000000L, 0xff0000, 0xff00, 0);
    byte[] xrgb = masked(40, 32, 3, "99663300", 0xff0000, 0xff00, 0xff, 0);
    byte[] xbgr = masked(40, 32, 3, "33669900", 0xff, 0xff00, 0xff0000, 0);

    for (byte[] bmp : new byte[][] {rgbx, xrgb, xbgr}) {
      assertPixels(bmp, 1, HexFormat.of().toHexDigits(red, 6));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {56, 108, 124})
  void aDeclaredAlphaMaskCounts(int size) throws Exception {
    byte[] bmp =
        masked(
            size,
            32,
            3,
            "000000ff 00000000 ff000080 10203040",
            0xff0000,
            0xff00,
            0xff,
            0xff000000L);

    assertPixels(bmp, 4, "000000 ffffff 7f7fff cbc7c3");
  }

  @Test
  void anAlphaMaskWithoutAnyOpaquePixelIsNoAlpha() throws Exception {
    byte[] bmp = masked(124, 32, 3, "33669900 00000000", 0xff, 0xff00, 0xff0000, 0xff000000L);

    assertPixels(bmp, 2, "336699 000000");
  }

  @Test
  void aFourthByteWithoutItsMaskIsNoAlpha() throws Exception {
    assertPixels(masked(40, 32, 0, "99663380", 0, 0, 0, 0), 1, "336699");
    assertPixels(masked(124, 32, 0, "99663380", 0xff, 0xff, 0xff, 0xff000000L), 1, "336699");
  }

  @Test
  void alphaMasksAfterAHeaderOfFortyBytesCount() throws Exception {
    assertPixels(
        masked(40, 32, 6, "00000000 000000ff", 0xff0000, 0xff00, 0xff, 0xff000000L),
        2,
        "ffffff 000000");
  }

  @Test
  void tenBitsAndElevenAreScaled() throws Exception {
    // 11, 11 and 10 bits: full red and half blue.
    byte[] bmp = masked(56, 32, 3, "0002e0ff", 0xffe00000L, 0x1ffc00, 0x3ff, 0);

    assertPixels(bmp, 1, "ff0080");
  }

  @ParameterizedTest
  @CsvSource({
    // Eight pixels of each depth: 1, 0, 1, 1, 0, 0, 1, 0.
    "1, b2",
    "2, 4504",
    "4, 10110010",
    "8, 0100010100000100"
  })
  void indicesOfEachDepthAreLookedUp(int bits, String row) throws Exception {
    for (int size : new int[] {12, 16, 40, 64, 108, 124}) {
      String palette = "00000000 0000ff00".repeat(1 << (bits - 1));
      byte[] bmp = file(size, 8, 1, bits, 0, size == 12 ? "000000 0000ff" : palette, row);

      assertPixels(bmp, 8, "ff0000 000000 ff0000 ff0000 000000 000000 ff0000 000000");
    }
  }

  @Test
  void anIndexBeyondThePaletteIsBlack() throws Exception {
    assertPixels(file(40, 2, 1, 8, 0, PALETTE, "01 c8"), 2, "ff0000 000000");
  }

  @Test
  void rowsStandUpsideDownUnlessTheHeightIsNegative() throws Exception {
    String rows = "01000000 02000000";

    assertPixels(file(40, 1, 2, 8, 0, PALETTE, rows), 1, "00ff00 ff0000");
    assertPixels(file(40, 1, -2, 8, 0, PALETTE, rows), 1, "ff0000 00ff00");
  }

  @ParameterizedTest
  @CsvSource({
    // Runs, and a literal of three with its padding.
    "0402 0000 0401 0001, RRRR GGGG",
    // Both rows are two pixels too long and are clipped.
    "0602 0000 0601 0001, RRRR GGGG",
    "0402 0000 0003 020301 00 0102 0001, GBRG GGGG",
    // A literal that is too long.
    "0402 0000 0006 010101010303 0001, RRRR GGGG",
    // A move right and down: skipped pixels have the first colour.
    "0101 0002 0201 0102 0001, KKKG RKKK",
    // No end mark, but all rows.
    "0402 0000 0401 0000, RRRR GGGG"
  })
  void runsOfEightBits(String runs, String expected) throws Exception {
    assertPixels(file(40, 4, 2, 8, 1, PALETTE, runs), 4, named(expected));
  }

  @Test
  void runsOfFourBitsAlternate() throws Exception {
    // Alternating green and red, clipped; then a literal of five, padded to four bytes.
    String runs = "0921 0000 0005 12312000 0001";

    assertPixels(file(40, 5, 2, 4, 2, PALETTE, runs), 5, named("RGBRG GRGRG"));
  }

  @Test
  void runsOfOs2HaveWholeColours() throws Exception {
    String runs = "03 0000ff 0000 0003 ff0000 00ff00 0000ff 00 0001";

    assertPixels(file(64, 3, 2, 24, 4, "", runs), 3, named("BGR RRR"));
  }

  @ParameterizedTest
  @CsvSource({
    "40, 8, 1, 0402 0000 04, the file is cut short after 75 bytes",
    "40, 8, 1, 0402 0000 0401 0000 0000 0000 0000, broken BMP: run lengths continue after the last row",
    "40, 0, 4, ffd8ffe0, unsupported BMP: compression 4 (JPEG)",
    "40, 0, 5, 89504e47, unsupported BMP: compression 5 (PNG)",
    "64, 1, 3, 00000000, unsupported BMP: compression 3 (Huffman 1D)",
    "40, 32, 11, 00000000, unsupported BMP: compression 11 (CMYK)",
    "40, 32, 77, 00000000, unsupported BMP: compression 77 (unknown)",
    "40, 64, 0, 00000000, unsupported BMP: 64 bits a pixel",
    "40, 24, 1, 00000000, broken BMP: compression 1 with 24 bits a pixel",
    "40, 24, 3, 00000000, broken BMP: compression 3 with 24 bits a pixel",
    "52, 32, 3, 00000000, broken BMP: empty colour masks",
    "15, 24, 0, 00000000, broken BMP: a header of 15 bytes"
  })
  void whatIsNotDecodedIsNamed(int size, int bits, int compression, String pixels, String reason) {
    byte[] bmp = file(size, 4, 2, bits, compression, bits == 8 ? PALETTE : "", pixels);

    assertThat(refuse(bmp)).isEqualTo(reason);
  }

  @Test
  void indicesWithoutAPaletteAreRefused() {
    assertThat(refuse(file(40, 4, 1, 8, 0, "", "00000000")))
        .isEqualTo("broken BMP: no palette for its 8 bits a pixel");
  }

  @Test
  void masksWithGapsAreRefused() {
    assertThat(refuse(masked(40, 32, 3, "00000000", 0xf0f, 0xff0000, 0xff000000L, 0)))
        .isEqualTo("unsupported BMP: colour mask 00000f0f");
  }

  @Test
  void pixelsInsideTheHeaderAreRefused() {
    byte[] bmp = file(40, 1, 1, 24, 0, "", "00000000");
    bmp[10] = 20;

    assertThat(refuse(bmp)).isEqualTo("broken BMP: the pixels begin inside the header");
  }

  @Test
  void rowsTooLongToBeHeldAreRefused() {
    assertThat(refuse(file(40, 1_100_000, 1, 1, 0, PALETTE, "00")))
        .isEqualTo("the BMP's header declares rows of 1100000 pixels, over 1048576");
  }

  /** A file of one row with its masks in the header, or after a header of forty bytes. */
  private static byte[] masked(
      int size,
      int bits,
      int compression,
      String row,
      long red,
      long green,
      long blue,
      long alpha) {
    ByteBuffer masks = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    masks.putInt((int) red).putInt((int) green).putInt((int) blue).putInt((int) alpha);
    int width = hex(row).length / (bits / 8);
    if (size == 40) {
      String between =
          HexFormat.of().formatHex(masks.array()).substring(0, compression == 6 ? 32 : 24);
      return file(size, width, 1, bits, compression, compression == 0 ? "" : between, row);
    }
    byte[] bmp = file(size, width, 1, bits, compression, "", row);
    System.arraycopy(masks.array(), 0, bmp, 54, Math.min(16, size - 40));
    return bmp;
  }

  /** A file whose pixels follow its palette, rows of uncompressed ones not yet padded. */
  private static byte[] file(
      int size, int width, int height, int bits, int compression, String palette, String pixels) {
    ByteBuffer header = ByteBuffer.allocate(14 + 256).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 'B').put((byte) 'M').putLong(0).putInt(14 + size + hex(palette).length);
    header.putInt(size);
    if (size == 12) {
      header.putShort((short) width).putShort((short) height);
    } else {
      header.putInt(width).putInt(height);
    }
    header.putShort((short) 1).putShort((short) bits).putInt(compression);
    ByteArrayOutputStream bmp = new ByteArrayOutputStream();
    bmp.write(header.array(), 0, 14 + size);
    bmp.writeBytes(hex(palette));
    bmp.writeBytes(hex(pixels));
    return bmp.toByteArray();
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replace(" ", ""));
  }

  private static String named(String letters) {
    return letters
        .replace(" ", "")
        .replace("K", "000000 ")
        .replace("R", "ff0000 ")
        .replace("G", "00ff00 ")
        .replace("B", "0000ff ")
        .strip();
  }

  private static void assertPixels(byte[] bmp, int width, String expected) throws Exception {
    assertThat(TestPictures.asStored(bmp))
        .isEqualTo(expected)
        .satisfies(pixels -> assertThat(ImageHeader.read(bmp).width()).isEqualTo(width));
  }

  private static String refuse(byte[] bmp) {
    try (ImageDecoder decoder = new ImageDecoder(64, 64, Views.CENTER, DecodeLimits.DEFAULT)) {
      return catchThrowableOfType(UnreadableImageException.class, () -> decoder.decode(bmp))
          .reason();
    }
  }
}
