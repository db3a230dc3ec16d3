package io.tagstream.model.image;

import io.tagstream.model.image.TiffFormat.Kind;
import java.nio.ByteOrder;

/**
 * Extracts samples from rows: integers of up to 16 bits unchanged, the highest 16 bits of longer
 * ones, and floating-point values from 0 to 1 scaled to 0 to 65,535.
 */
final class TiffSamples {
  private static final int SIXTEEN_BITS = 0xffff;

  private final int bits;
  private final boolean fractions;
  private final boolean littleEndian;
  private long taken;
  private long outside;

  TiffSamples(TiffFormat format) {
    bits = format.bits();
    fractions = format.kind() == Kind.FLOAT;
    littleEndian = format.order() == ByteOrder.LITTLE_ENDIAN;
  }

  /** The largest value of a sample. */
  int largest() {
    return fractions || bits > 16 ? SIXTEEN_BITS : (1 << bits) - 1;
  }

  /** Whether more than half of the floating-point values were outside 0 to 1. */
  boolean mostlyOutside() {
    return outside > taken / 2;
  }

  /**
   * Extracts one sample of each pixel.
   *
   * @param perPixel samples per pixel in the row
   * @param number the index of the sample in a pixel, from 0
   * @param into receives the samples from index {@code first}, {@code stride} apart
   */
  void take(byte[] row, int pixels, int perPixel, int number, int[] into, int first, int stride) {
    if (bits == 8) {
      for (int x = 0, from = number, to = first; x < pixels; x++, from += perPixel, to += stride) {
        into[to] = row[from] & 0xff;
      }
    } else if (bits == 16 && !fractions) {
      int high = littleEndian ? 1 : 0;
      int at = 2 * number;
      for (int x = 0, to = first; x < pixels; x++, at += 2 * perPixel, to += stride) {
        into[to] = ((row[at + high] & 0xff) << 8) | (row[at + 1 - high] & 0xff);
      }
    } else if (bits % 8 == 0) {
      int bytes = bits / 8;
      for (int x = 0; x < pixels; x++) {
        long sample = number(row, (x * perPixel + number) * bytes, bytes);
        into[first + x * stride] = fractions ? fraction(sample) : (int) (sample >>> (bits - 16));
      }
    } else {
      for (int x = 0; x < pixels; x++) {
        long sample = bitsAt(row, ((long) x * perPixel + number) * bits);
        into[first + x * stride] = (int) (bits > 16 ? sample >>> (bits - 16) : sample);
      }
    }
  }

  private long number(byte[] row, int at, int bytes) {
    long number = 0;
    for (int i = 0; i < bytes; i++) {
      number = (number << 8) | (row[at + (littleEndian ? bytes - 1 - i : i)] & 0xff);
    }
    return number;
  }

  /** A sample that is not whole bytes: highest bit first, regardless of the byte order. */
  private long bitsAt(byte[] row, long at) {
    long number = 0;
    int end = (int) ((at + bits + 7) >> 3);
    for (int i = (int) (at >> 3); i < end; i++) {
      number = (number << 8) | (row[i] & 0xff);
    }
    return (number >>> (8L * end - at - bits)) & ((1L << bits) - 1);
  }

  private int fraction(long sample) {
    double value =
        switch (bits) {
          case 16 -> half((int) sample);
          case 32 -> Float.intBitsToFloat((int) sample);
          default -> Double.longBitsToDouble(sample);
        };
    taken++;
    if (!(value >= 0 && value <= 1)) {
      outside++;
    }
    // NaN is black.
    return (int) (Math.max(0, Math.min(1, Double.isNaN(value) ? 0 : value)) * SIXTEEN_BITS + 0.5);
  }

  /** A 16-bit float: one sign bit, five exponent bits, ten fraction bits. */
  private static double half(int sample) {
    int exponent = (sample >> 10) & 0x1f;
    double fraction = (sample & 0x3ff) / 1024.0;
    double size;
    if (exponent == 0x1f) {
      size = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else if (exponent == 0) {
      size = Math.scalb(fraction, -14);
    } else {
      size = Math.scalb(1 + fraction, exponent - 15);
    }
    return sample >> 15 == 0 ? size : -size;
  }
}
