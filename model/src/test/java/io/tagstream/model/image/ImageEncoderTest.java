package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Reads the results with the JDK, which shares no code with OpenCV. */
class ImageEncoderTest {
  private static final int WIDTH = 5;
  private static final int HEIGHT = 3;

  @Test
  void aPngHasEveryPixel() throws IOException {
    RgbImage image = new RgbImage(WIDTH, HEIGHT, pixels());

    BufferedImage read = read(ImageEncoder.png(image));

    assertThat(read.getWidth()).isEqualTo(WIDTH);
    assertThat(read.getHeight()).isEqualTo(HEIGHT);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        assertThat(read.getRGB(x, y) & 0xffffff).as("%d, %d", x, y).isEqualTo(rgb(x, y));
      }
    }
  }

  @Test
  void aJpegHasTheColorsInTheirOrder() throws IOException {
    byte[] orange = new byte[16 * 16 * 3];
    for (int at = 0; at < orange.length; at += 3) {
      orange[at] = (byte) 250;
      orange[at + 1] = (byte) 140;
      orange[at + 2] = 20;
    }

    int read = read(ImageEncoder.jpeg(new RgbImage(16, 16, orange), 80)).getRGB(7, 9);

    assertThat(read >> 16 & 0xff).isCloseTo(250, within(4));
    assertThat(read >> 8 & 0xff).isCloseTo(140, within(4));
    assertThat(read & 0xff).isCloseTo(20, within(4));
  }

  private static BufferedImage read(byte[] encoded) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(encoded));
  }

  private static int rgb(int x, int y) {
    return (200 + x) << 16 | (10 * y) << 8 | (7 * x + y);
  }

  private static byte[] pixels() {
    byte[] pixels = new byte[WIDTH * HEIGHT * 3];
    for (int at = 0; at < WIDTH * HEIGHT; at++) {
      int rgb = rgb(at % WIDTH, at / WIDTH);
      pixels[3 * at] = (byte) (rgb >> 16);
      pixels[3 * at + 1] = (byte) (rgb >> 8);
      pixels[3 * at + 2] = (byte) rgb;
    }
    return pixels;
  }
}
