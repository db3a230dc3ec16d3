package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.BMP;

/**
 * The bits of a pixel that hold one colour, with a table of the 8-bit value of each combination.
 */
final class ColorMask {
  /** Below the highest 16 bits, a bit makes no difference to an 8-bit value. */
  private static final int MOST_BITS = 16;

  private final int shift;
  private final int largest;
  private final byte[] scaled;

  private ColorMask(int shift, int bits) {
    this.shift = shift;
    largest = (1 << bits) - 1;
    scaled = new byte[largest + 1];
    for (int value = 1; value <= largest; value++) {
      scaled[value] = (byte) ((value * 255 + largest / 2) / largest);
    }
  }

  /**
   * The mask's bits as a colour; an empty mask always gives zero.
   *
   * @throws UnreadableImageException unless the mask's bits are contiguous
   */
  static ColorMask of(long mask) throws UnreadableImageException {
    if (mask == 0) {
      return new ColorMask(0, 0);
    }
    int shift = Long.numberOfTrailingZeros(mask);
    int bits = Long.bitCount(mask);
    if (mask >>> shift != (1L << bits) - 1) {
      throw ImageFile.unsupported(BMP, "colour mask %08x".formatted(mask));
    }
    int spare = Math.max(0, bits - MOST_BITS);
    return new ColorMask(shift + spare, bits - spare);
  }

  /** The colour's value in a pixel, 0 to 255. */
  int in(int pixel) {
    return scaled[pixel >>> shift & largest] & 0xff;
  }
}
