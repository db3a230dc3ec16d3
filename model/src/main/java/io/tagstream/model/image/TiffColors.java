package io.tagstream.model.image;

import io.tagstream.model.image.CodecFile.Alpha;
import io.tagstream.model.image.TiffFormat.Color;

/** Converts samples to RGB over white. */
final class TiffColors {
  private final Color color;
  private final Alpha alpha;
  private final int channels;

  /** The 8-bit value of each sample. */
  private final byte[] scaled;

  /** The colour of each sample, 0xRRGGBB, if a pixel's colour is one sample. */
  private final int[] ofOne;

  private final Converter converter;

  /** Converts three samples to a colour. */
  interface Converter {

    /** 0xRRGGBB. */
    int rgb(int first, int second, int third);
  }

  /**
   * @param color the colour space of the expanded samples
   * @param largest the largest sample
   * @param palette three bytes for each sample; empty unless samples are palette indices
   * @param converter converts colours that are not red, green and blue
   */
  TiffColors(Color color, Alpha alpha, int largest, byte[] palette, Converter converter) {
    this.color = color;
    this.alpha = alpha;
    this.converter = converter;
    channels = color.samples() + (alpha == Alpha.NONE ? 0 : 1);
    scaled = new byte[largest + 1];
    for (int value = 0; value <= largest; value++) {
      scaled[value] = (byte) ((255L * value + largest / 2) / largest);
    }
    ofOne = new int[color.samples() == 1 ? largest + 1 : 0];
    for (int value = 0; value < ofOne.length; value++) {
      ofOne[value] =
          switch (color) {
            case WHITE_IS_ZERO -> 0x10101 * (255 - eight(value));
            case PALETTE ->
                (palette[3 * value] & 0xff) << 16
                    | (palette[3 * value + 1] & 0xff) << 8
                    | (palette[3 * value + 2] & 0xff);
            default -> 0x10101 * eight(value);
          };
    }
  }

  /**
   * The colour of a single sample.
   *
   * @return 0xRRGGBB
   */
  int of(int sample) {
    return ofOne[sample];
  }

  /**
   * Converts a row.
   *
   * @param samples for each pixel its colour samples, then alpha
   * @param rgb receives three bytes per pixel
   */
  void convert(int[] samples, int pixels, byte[] rgb) {
    switch (color) {
      case WHITE_IS_ZERO, BLACK_IS_ZERO, PALETTE -> {
        for (int x = 0, at = 0; x < pixels; x++, at += channels) {
          put(ofOne[samples[at]], rgb, 3 * x);
        }
      }
      case RGB -> {
        for (int x = 0, at = 0; x < pixels; x++, at += channels) {
          rgb[3 * x] = scaled[samples[at]];
          rgb[3 * x + 1] = scaled[samples[at + 1]];
          rgb[3 * x + 2] = scaled[samples[at + 2]];
        }
      }
      case CMYK -> {
        for (int x = 0, at = 0; x < pixels; x++, at += channels) {
          int light = 255 - eight(samples[at + 3]);
          rgb[3 * x] = ink(samples[at], light);
          rgb[3 * x + 1] = ink(samples[at + 1], light);
          rgb[3 * x + 2] = ink(samples[at + 2], light);
        }
      }
      default -> {
        for (int x = 0, at = 0; x < pixels; x++, at += channels) {
          put(converter.rgb(samples[at], samples[at + 1], samples[at + 2]), rgb, 3 * x);
        }
      }
    }
    if (alpha != Alpha.NONE) {
      blend(samples, pixels, rgb);
    }
  }

  private static void put(int pixel, byte[] rgb, int at) {
    rgb[at] = (byte) (pixel >> 16);
    rgb[at + 1] = (byte) (pixel >> 8);
    rgb[at + 2] = (byte) pixel;
  }

  private void blend(int[] samples, int pixels, byte[] rgb) {
    for (int x = 0, at = channels - 1; x < pixels; x++, at += channels) {
      int opacity = eight(samples[at]);
      if (opacity < 255) {
        for (int i = 3 * x; i < 3 * x + 3; i++) {
          rgb[i] = overWhite(rgb[i] & 0xff, opacity);
        }
      }
    }
  }

  private int eight(int sample) {
    return scaled[sample] & 0xff;
  }

  /** The light that is left after an ink, of the {@code light} that black leaves. */
  private byte ink(int sample, int light) {
    return (byte) (((255 - eight(sample)) * light + 127) / 255);
  }

  private byte overWhite(int value, int opacity) {
    return (byte)
        (alpha == Alpha.PREMULTIPLIED
            ? Math.min(255, value + 255 - opacity)
            : (value * opacity + 255 * (255 - opacity) + 127) / 255);
  }
}
