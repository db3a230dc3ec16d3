package io.tagstream.model.image;

import java.util.function.IntUnaryOperator;

/**
 * A lookup table from a byte of packed samples to RGB, for samples of 1, 2, 4 or 8 bits that are
 * each one pixel.
 */
final class ByteColors {
  private final int perByte;

  /** For each byte value, three bytes per pixel that it holds. */
  private final byte[] rgb;

  /**
   * @param bits bits per sample
   * @param color maps a sample to 0xRRGGBB
   */
  ByteColors(int bits, IntUnaryOperator color) {
    perByte = 8 / bits;
    rgb = new byte[256 * 3 * perByte];
    int at = 0;
    for (int eight = 0; eight < 256; eight++) {
      for (int pixel = 1; pixel <= perByte; pixel++) {
        int value = color.applyAsInt((eight >> (8 - bits * pixel)) & ((1 << bits) - 1));
        rgb[at++] = (byte) (value >> 16);
        rgb[at++] = (byte) (value >> 8);
        rgb[at++] = (byte) value;
      }
    }
  }

  /** Converts a row of {@code pixels}; the first pixel is in a byte's highest bits. */
  void convert(byte[] row, int pixels, byte[] into) {
    if (perByte == 1) {
      for (int x = 0, to = 0; x < pixels; x++, to += 3) {
        int from = 3 * (row[x] & 0xff);
        into[to] = rgb[from];
        into[to + 1] = rgb[from + 1];
        into[to + 2] = rgb[from + 2];
      }
      return;
    }
    int length = 3 * perByte;
    for (int to = 0, at = 0; to < 3 * pixels; to += length, at++) {
      System.arraycopy(rgb, length * (row[at] & 0xff), into, to, Math.min(length, 3 * pixels - to));
    }
  }
}
