package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ViewsTest {
  private static final int SIDE = 227;

  @Test
  void tenViewsAreFourCornersTheCentreAndTheirFlips() throws Exception {
    byte[] crops = decode(Views.TEN);

    int[][] corners = {{0, 0}, {29, 0}, {0, 29}, {29, 29}, {14, 14}};
    for (int view = 0; view < 10; view++) {
      assertCrop(crops, view, corners[view % 5], view >= 5);
    }
  }

  @Test
  void twoViewsAreTheCentreAndItsFlip() throws Exception {
    byte[] crops = decode(Views.CENTER_AND_FLIP);

    assertCrop(crops, 0, new int[] {14, 14}, false);
    assertCrop(crops, 1, new int[] {14, 14}, true);
  }

  @Test
  void oneViewIsTheCentre() throws Exception {
    assertCrop(decode(Views.CENTER), 0, new int[] {14, 14}, false);
  }

  @Test
  void viewsAreOneTwoOrTen() {
    assertThat(List.of(Views.of(1), Views.of(2), Views.of(10))).containsExactly(Views.values());
    assertThatThrownBy(() -> Views.of(5)).hasMessage("views are 1, 2 or 10, not 5");
  }

  private static byte[] decode(Views views) throws IOException, UnreadableImageException {
    try (ImageDecoder decoder = new ImageDecoder(256, SIDE, views, DecodeLimits.DEFAULT)) {
      byte[] crops = decoder.decode(coordinates());
      assertThat(crops).hasSize(views.count() * SIDE * SIDE * 3);
      return crops;
    }
  }

  /** A 256 x 256 PNG whose red is the column and whose green is the row. */
  private static byte[] coordinates() throws IOException {
    BufferedImage image = new BufferedImage(256, 256, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 256; y++) {
      for (int x = 0; x < 256; x++) {
        image.setRGB(x, y, x << 16 | y << 8 | 77);
      }
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return png.toByteArray();
  }

  private static void assertCrop(byte[] crops, int view, int[] corner, boolean flip) {
    byte[] expected = new byte[SIDE * SIDE * 3];
    int at = 0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        expected[at++] = (byte) (corner[0] + (flip ? SIDE - 1 - x : x));
        expected[at++] = (byte) (corner[1] + y);
        expected[at++] = 77;
      }
    }
    byte[] actual = new byte[expected.length];
    System.arraycopy(crops, view * actual.length, actual, 0, actual.length);
    assertThat(actual).as("view %d", view).isEqualTo(expected);
  }
}
