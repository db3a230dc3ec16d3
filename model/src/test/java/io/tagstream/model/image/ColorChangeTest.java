package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ColorChangeTest {
  private static final byte[] PIXELS = bytes(200, 100, 50, 10, 20, 30, 255, 0, 128, 90, 90, 90);

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** Applies a colour change to a square image. */
  private static byte[] change(byte[] pixels, int side, ColorChange colors) throws Exception {
    byte[] png =
        TestPictures.encode(
            TestPictures.picture(
                side,
                side,
                (x, y) -> {
                  int at = (y * side + x) * 3;
                  return (pixels[at] & 0xff) << 16
                      | (pixels[at + 1] & 0xff) << 8
                      | (pixels[at + 2] & 0xff);
                }),
            "png");
    try (ImageDecoder decoder = new ImageDecoder(side, side, Views.CENTER, DecodeLimits.DEFAULT)) {
      RgbImage whole =
          decoder.decodeRegion(
              png, (width, height) -> new Region(0, 0, width, height, side, side), colors);
      return whole.pixels();
    }
  }

  @Test
  void onesChangeNothing() throws Exception {
    assertThat(change(PIXELS, 2, ColorChange.NONE)).isEqualTo(PIXELS);
    assertThat(change(PIXELS, 2, ColorChange.jitter(1, 1, 1))).isEqualTo(PIXELS);
    assertThat(change(PIXELS, 2, ColorChange.shift(0, 0, 0))).isEqualTo(PIXELS);
  }

  @Test
  void aShiftIsAddedRoundedAndCut() throws Exception {
    assertThat(change(PIXELS, 2, ColorChange.shift(10.4, -10.6, 0.7)))
        .isEqualTo(bytes(210, 89, 51, 20, 9, 31, 255, 0, 129, 100, 79, 91));
  }

  /** Without saturation only the luma remains: 0.299 red, 0.587 green, 0.114 blue. */
  @Test
  void noSaturationIsGreyAndNoContrastIsTheMean() throws Exception {
    assertThat(change(PIXELS, 2, ColorChange.jitter(1, 1, 0)))
        .isEqualTo(bytes(124, 124, 124, 18, 18, 18, 91, 91, 91, 90, 90, 90));
    // (124.2 + 18.15 + 90.837 + 90) / 4 = 80.8
    assertThat(change(PIXELS, 2, ColorChange.jitter(1, 0, 1))).containsOnly((byte) 81);
    assertThat(change(PIXELS, 2, ColorChange.jitter(0.5, 1, 1)))
        .isEqualTo(bytes(100, 50, 25, 5, 10, 15, 128, 0, 64, 45, 45, 45));
  }

  /** Computes saturation, then contrast, then brightness step by step. */
  @Test
  void allThreeTogether() throws Exception {
    Random random = new Random(5);
    byte[] pixels = new byte[20 * 20 * 3];
    random.nextBytes(pixels);
    double mean = 0;
    for (int at = 0; at < pixels.length; at += 3) {
      mean += luma(pixels, at) / 400;
    }
    for (int i = 0; i < 20; i++) {
      double brightness = 0.8 + 0.4 * random.nextDouble();
      double contrast = 0.8 + 0.4 * random.nextDouble();
      double saturation = 0.8 + 0.4 * random.nextDouble();
      byte[] changed = change(pixels, 20, ColorChange.jitter(brightness, contrast, saturation));
      for (int at = 0; at < pixels.length; at++) {
        double grey = luma(pixels, at - at % 3);
        double value = grey + saturation * ((pixels[at] & 0xff) - grey);
        value = Math.max(0, Math.min(255, brightness * (mean + contrast * (value - mean))));
        assertThat((double) (changed[at] & 0xff)).isBetween(value - 1, value + 1);
      }
    }
  }

  private static double luma(byte[] pixels, int at) {
    return 0.299 * (pixels[at] & 0xff)
        + 0.587 * (pixels[at + 1] & 0xff)
        + 0.114 * (pixels[at + 2] & 0xff);
  }
}
