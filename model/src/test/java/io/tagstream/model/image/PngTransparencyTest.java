package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The one colour that a PNG without an alpha channel may declare transparent. */
class PngTransparencyTest {
  private static final int SIDE = 8;

  /** Rows of one sample each: row y has the y-th of the values. */
  private static byte[] grey(int bits, int... values) {
    int rowBytes = (SIDE * bits + 7) / 8;
    ByteBuffer lines = ByteBuffer.allocate(SIDE * (1 + rowBytes));
    for (int y = 0; y < SIDE; y++) {
      lines.put((byte) 0);
      int value = values[y % values.length];
      if (bits == 16) {
        for (int x = 0; x < SIDE; x++) {
          lines.putShort((short) value);
        }
      } else {
        int packed = 0;
        for (int at = 0; at < 8; at += bits) {
          packed |= value << at;
        }
        for (int i = 0; i < rowBytes; i++) {
          lines.put((byte) packed);
        }
      }
    }
    return TestPictures.png(SIDE, SIDE, bits, 0, lines.array());
  }

  private static byte[] rgb(int bits, int[]... colors) {
    ByteBuffer lines = ByteBuffer.allocate(SIDE * (1 + SIDE * 3 * bits / 8));
    for (int y = 0; y < SIDE; y++) {
      lines.put((byte) 0);
      for (int x = 0; x < SIDE; x++) {
        for (int sample : colors[y % colors.length]) {
          if (bits == 16) {
            lines.putShort((short) sample);
          } else {
            lines.put((byte) sample);
          }
        }
      }
    }
    return TestPictures.png(SIDE, SIDE, bits, 2, lines.array());
  }

  private static byte[] withKey(byte[] png, int... samples) {
    ByteBuffer key = ByteBuffer.allocate(2 * samples.length);
    for (int sample : samples) {
      key.putShort((short) sample);
    }
    return TestPictures.withChunk(png, "tRNS", key.array());
  }

  /** The colours of the first rows, 0xRRGGBB. */
  private static int[] rows(byte[] png, int count) throws UnreadableImageException {
    try (ImageDecoder decoder = new ImageDecoder(SIDE, SIDE, Views.CENTER, DecodeLimits.DEFAULT)) {
      byte[] pixels = decoder.decode(png);
      int[] colors = new int[count];
      for (int y = 0; y < count; y++) {
        int at = (y * SIDE + SIDE / 2) * 3;
        colors[y] =
            (pixels[at] & 0xff) << 16 | (pixels[at + 1] & 0xff) << 8 | (pixels[at + 2] & 0xff);
      }
      return colors;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, 1, 0xffffff", "2, 1, 2, 0xaaaaaa", "2, 3, 0, 0x000000",
    "4, 5, 6, 0x666666", "8, 100, 101, 0x656565", "16, 0x6464, 0x8080, 0x808080"
  })
  void greyIsTransparentWhereItIsTheKey(int bits, String key, String other, String shown)
      throws Exception {
    byte[] png = grey(bits, Integer.decode(key), Integer.decode(other));

    assertThat(rows(withKey(png, Integer.decode(key)), 2))
        .containsExactly(0xffffff, Integer.decode(shown));
    assertThat(rows(png, 2)[1]).isEqualTo(Integer.decode(shown));
  }

  /** For samples of fewer than 16 bits only the key's low bits count. */
  @Test
  void aKeysHighBitsDoNotCount() throws Exception {
    assertThat(rows(withKey(grey(4, 5, 6), 0xff05), 2)).containsExactly(0xffffff, 0x666666);
    assertThat(rows(withKey(grey(8, 100, 101), 0x7764), 2)).containsExactly(0xffffff, 0x656565);
    byte[] color = rgb(8, new int[] {1, 2, 3}, new int[] {1, 2, 4});
    assertThat(rows(withKey(color, 0x1101, 0x2202, 0x3303), 2)).containsExactly(0xffffff, 0x010204);
  }

  @Test
  void sixteenBitsAreTransparentOnlyWhereAllOfThemAreEqual() throws Exception {
    assertThat(rows(withKey(grey(16, 0x6464, 0x6465, 0x6364), 0x6464), 3))
        .containsExactly(0xffffff, 0x646464, 0x636363);
    byte[] color =
        rgb(
            16,
            new int[] {0x0101, 0x0202, 0x0303},
            new int[] {0x0101, 0x0202, 0x0304},
            new int[] {0x0101, 0x0303, 0x0303});
    assertThat(rows(withKey(color, 0x0101, 0x0202, 0x0303), 3))
        .containsExactly(0xffffff, 0x010203, 0x010303);
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 16})
  void coloursAreTransparentWhereAllOfTheirSamplesAreTheKeys(int bits) throws Exception {
    int scale = bits == 8 ? 1 : 0x101;
    byte[] png =
        rgb(bits, new int[] {scale, 2 * scale, 3 * scale}, new int[] {scale, 2 * scale, 9 * scale});

    assertThat(rows(withKey(png, scale, 2 * scale, 3 * scale), 2))
        .containsExactly(0xffffff, 0x010209);
  }

  /** As other readers, ignores a chunk that is too short, too long, or after the pixels. */
  @Test
  void aKeyThatIsNoneIsIgnored() throws Exception {
    byte[] png = grey(8, 100, 101);
    byte[] late =
        TestPictures.insert(png, png.length - 12, TestPictures.chunk("tRNS", new byte[] {0, 100}));

    assertThat(rows(withKey(png, 100, 100, 100), 1)).containsExactly(0x646464);
    assertThat(rows(TestPictures.withChunk(png, "tRNS", new byte[1]), 1)).containsExactly(0x646464);
    assertThat(rows(late, 1)).containsExactly(0x646464);
  }
}
