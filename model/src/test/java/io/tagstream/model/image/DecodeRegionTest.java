package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecodeRegionTest {

  private static RgbImage decode(byte[] encoded, Region.Choice choice) throws Exception {
    try (ImageDecoder decoder = new ImageDecoder(64, 64, Views.CENTER, DecodeLimits.DEFAULT)) {
      return decoder.decodeRegion(encoded, choice, ColorChange.NONE);
    }
  }

  /** Every orientation gives the same part of the upright image. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void aRegionIsThatOfTheUprightPicture(int orientation) throws Exception {
    Orientation turn = Orientation.of(orientation);
    int storedWidth = turn.transpose() ? 60 : 90;
    int storedHeight = turn.transpose() ? 90 : 60;
    BufferedImage stored =
        TestPictures.picture(
            storedWidth,
            storedHeight,
            (x, y) -> {
              int column = turn.transpose() ? y : x;
              int row = turn.transpose() ? x : y;
              column = turn.flipX() ? 89 - column : column;
              row = turn.flipY() ? 59 - row : row;
              return column << 16 | row << 8 | 77;
            });
    byte[] png =
        TestPictures.withChunk(
            TestPictures.encode(stored, "png"),
            "eXIf",
            TestPictures.exif(orientation, ByteOrder.BIG_ENDIAN));

    RgbImage part =
        decode(
            png,
            (width, height) -> {
              assertThat(List.of(width, height)).containsExactly(90, 60);
              return new Region(20, 10, 6, 4, 6, 4);
            });

    assertThat(List.of(part.width(), part.height())).containsExactly(6, 4);
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 6; x++) {
        int at = (y * 6 + x) * 3;
        assertThat(List.of(part.pixels()[at], part.pixels()[at + 1]))
            .containsExactly((byte) (20 + x), (byte) (10 + y));
      }
    }
  }

  /**
   * A region that is scaled down is decoded at reduced size, so its position must be scaled too.
   */
  @Test
  void aLargeJpegsRegionStaysInItsPlace() throws Exception {
    byte[] jpeg =
        TestPictures.encode(
            TestPictures.picture(1001, 803, (x, y) -> (x / 4) << 16 | (y / 4) << 8 | 77), "jpg");

    RgbImage part = decode(jpeg, (width, height) -> new Region(404, 204, 400, 480, 50, 60));

    for (int[] at : new int[][] {{0, 0}, {49, 0}, {0, 59}, {49, 59}, {25, 30}}) {
      int pixel = (at[1] * 50 + at[0]) * 3;
      assertThat(part.pixels()[pixel] & 0xff).isBetween(101 + 2 * at[0] - 4, 101 + 2 * at[0] + 6);
      assertThat(part.pixels()[pixel + 1] & 0xff).isBetween(51 + 2 * at[1] - 4, 51 + 2 * at[1] + 6);
    }
  }

  @Test
  void theEdgesAreRoundedIntoThePicture() throws Exception {
    byte[] png = TestPictures.encode(TestPictures.coordinates(10, 8), "png");

    assertThat(decode(png, (width, height) -> new Region(9.8, 7.9, 0.2, 0.1, 1, 1)).pixels())
        .containsExactly(9, 7, 77);
    assertThat(decode(png, (width, height) -> new Region(2.4, 3.6, 1, 1, 1, 1)).pixels())
        .containsExactly(2, 4, 77);
    assertThatThrownBy(() -> new Region(0, 0, 0, 1, 1, 1))
        .hasMessage("0.0 x 1.0 from 0.0, 0.0 to 1 x 1");
  }
}
