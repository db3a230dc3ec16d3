package io.tagstream.model.training;

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

  @Test
  void onesChangeNothing() {
    assertThat(ColorChange.jitter(1, 1, 1).apply(PIXELS, 2, false)).isEqualTo(PIXELS);
    assertThat(ColorChange.shift(new double[] {0, 0, 0}).apply(PIXELS, 2, false)).isEqualTo(PIXELS);
  }

  @Test
  void aFlipSwapsTheColumns() {
    assertThat(ColorChange.jitter(1, 1, 1).apply(PIXELS, 2, true))
        .isEqualTo(bytes(10, 20, 30, 200, 100, 50, 90, 90, 90, 255, 0, 128));
  }

  @Test
  void aShiftIsAddedRoundedAndCut() {
    assertThat(ColorChange.shift(new double[] {10.4, -10.6, 0.5}).apply(PIXELS, 2, false))
        .isEqualTo(bytes(210, 89, 51, 20, 9, 31, 255, 0, 129, 100, 79, 91));
  }

  /** Without saturation the luma is left: 0.299 red, 0.587 green, 0.114 blue. */
  @Test
  void noSaturationIsGreyAndNoContrastIsTheMean() {
    assertThat(ColorChange.jitter(1, 1, 0).apply(PIXELS, 2, false))
        .isEqualTo(bytes(124, 124, 124, 18, 18, 18, 91, 91, 91, 90, 90, 90));
    // (124.2 + 18.15 + 90.837 + 90) / 4 = 80.8
    assertThat(ColorChange.jitter(1, 0, 1).apply(PIXELS, 2, false)).containsOnly((byte) 81);
    assertThat(ColorChange.jitter(0.5, 1, 1).apply(PIXELS, 2, false))
        .isEqualTo(bytes(100, 50, 25, 5, 10, 15, 128, 0, 64, 45, 45, 45));
  }

  /** Saturation, then contrast, then brightness, as one would write it out. */
  @Test
  void allThreeTogether() {
    Random random = new Random(5);
    byte[] pixels = new byte[20 * 20 * 3];
    random.nextBytes(pixels);
    double mean = 0;
    for (int at = 0; at < pixels.length; at += 3) {
      mean += luma(pixels, at) / 400;
    }
    for (int i = 0; i < 50; i++) {
      double brightness = 0.8 + 0.4 * random.nextDouble();
      double contrast = 0.8 + 0.4 * random.nextDouble();
      double saturation = 0.8 + 0.4 * random.nextDouble();
      byte[] changed =
          ColorChange.jitter(brightness, contrast, saturation).apply(pixels, 20, false);
      for (int at = 0; at < pixels.length; at++) {
        double grey = luma(pixels, at - at % 3);
        double value = grey + saturation * ((pixels[at] & 0xff) - grey);
        value = brightness * (mean + contrast * (value - mean));
        assertThat((double) (changed[at] & 0xff))
            .isBetween(
                Math.max(0, Math.min(255, value)) - 1, Math.max(0, Math.min(255, value)) + 1);
      }
    }
  }

  private static double luma(byte[] pixels, int at) {
    return 0.299 * (pixels[at] & 0xff)
        + 0.587 * (pixels[at + 1] & 0xff)
        + 0.114 * (pixels[at + 2] & 0xff);
  }
}
