package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.BMP;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.Optional;

/** How a BMP's pixels become colours: by a palette, by bit masks, or as three bytes each. */
final class BmpColors {
  private static final int PALETTE_COLORS = 256;

  /** Three bytes per colour, RGB; empty unless pixels are palette indices. */
  private final byte[] palette;

  private final ColorMask red;
  private final ColorMask green;
  private final ColorMask blue;
  private final Optional<ColorMask> alpha;

  /** Whether at least one converted pixel was not fully transparent. */
  private boolean visible;

  private BmpColors(
      byte[] palette, ColorMask red, ColorMask green, ColorMask blue, Optional<ColorMask> alpha) {
    this.palette = palette;
    this.red = red;
    this.green = green;
    this.blue = blue;
    this.alpha = alpha;
  }

  /**
   * Reads a palette; an index beyond its end is black.
   *
   * @param entryBytes 3 or 4: blue, green, red, and in the longer form one unused byte
   * @param declared the number of colours that the header declares; 0 means all that {@code bits}
   *     can index
   * @param end where the pixels begin; a palette is cut off there
   */
  static BmpColors palette(
      EncodedBytes bytes, long at, int entryBytes, long declared, int bits, long end)
      throws UnreadableImageException {
    long all = 1L << bits;
    long colors = declared == 0 || declared > all ? all : declared;
    colors = Math.min(colors, (end - at) / entryBytes);
    if (colors < 1) {
      throw ImageFile.broken(BMP, "no palette for its %d bits a pixel".formatted(bits));
    }
    byte[] palette = new byte[3 * PALETTE_COLORS];
    for (int color = 0; color < colors; color++) {
      for (int c = 0; c < 3; c++) {
        palette[3 * color + c] = (byte) bytes.unsignedByte(at + (long) entryBytes * color + 2 - c);
      }
    }
    ColorMask none = ColorMask.of(0);
    return new BmpColors(palette, none, none, none, Optional.empty());
  }

  /**
   * Reads the masks for red, green and blue, and for alpha if the header has a mask that is not
   * empty.
   */
  static BmpColors masks(EncodedBytes bytes, int at, boolean alpha)
      throws UnreadableImageException {
    long alphaMask = alpha ? bytes.unsignedInt(at + 12, LITTLE_ENDIAN) : 0;
    long red = bytes.unsignedInt(at, LITTLE_ENDIAN);
    long green = bytes.unsignedInt(at + 4, LITTLE_ENDIAN);
    long blue = bytes.unsignedInt(at + 8, LITTLE_ENDIAN);
    if ((red | green | blue) == 0) {
      throw ImageFile.broken(BMP, "empty colour masks");
    }
    return new BmpColors(
        new byte[0],
        ColorMask.of(red),
        ColorMask.of(green),
        ColorMask.of(blue),
        alphaMask == 0 ? Optional.empty() : Optional.of(ColorMask.of(alphaMask)));
  }

  /** The masks of a file that declares none: five or eight bits per colour, blue lowest. */
  static BmpColors defaultMasks(int bits) throws UnreadableImageException {
    boolean five = bits == 16;
    return new BmpColors(
        new byte[0],
        ColorMask.of(five ? 0x7c00 : 0xff0000),
        ColorMask.of(five ? 0x03e0 : 0x00ff00),
        ColorMask.of(five ? 0x001f : 0x0000ff),
        Optional.empty());
  }

  /** These colours, with alpha ignored. */
  BmpColors opaque() {
    return new BmpColors(palette, red, green, blue, Optional.empty());
  }

  /** Whether there is an alpha mask and every pixel converted so far was fully transparent. */
  boolean allTransparent() {
    return alpha.isPresent() && !visible;
  }

  /**
   * Converts a row to RGB over white.
   *
   * @param at the row's first byte
   * @param rgb receives three bytes per pixel
   */
  void convert(EncodedBytes bytes, long at, int bits, int width, byte[] rgb)
      throws UnreadableImageException {
    bytes.require(at, ((long) width * bits + 7) / 8);
    byte[] array = bytes.array();
    int from = (int) at;
    switch (bits) {
      case 16 -> masked16(array, from, width, rgb);
      case 24 -> {
        for (int to = 0; to < 3 * width; to += 3, from += 3) {
          rgb[to] = array[from + 2];
          rgb[to + 1] = array[from + 1];
          rgb[to + 2] = array[from];
        }
      }
      case 32 -> masked32(array, from, width, rgb);
      default -> indices(array, from, bits, width, rgb);
    }
  }

  private void masked16(byte[] array, int from, int width, byte[] rgb) {
    for (int x = 0; x < width; x++) {
      int at = from + 2 * x;
      mask((array[at] & 0xff) | (array[at + 1] & 0xff) << 8, rgb, 3 * x);
    }
  }

  private void masked32(byte[] array, int from, int width, byte[] rgb) {
    for (int x = 0; x < width; x++) {
      int at = from + 4 * x;
      int low = (array[at] & 0xff) | (array[at + 1] & 0xff) << 8;
      mask(low | (array[at + 2] & 0xff) << 16 | array[at + 3] << 24, rgb, 3 * x);
    }
  }

  private void indices(byte[] array, int from, int bits, int width, byte[] rgb) {
    int largest = (1 << bits) - 1;
    // The first pixel is in a byte's highest bits.
    int first = 8 - bits;
    int shift = first;
    int at = from;
    for (int x = 0; x < width; x++) {
      index((array[at] & 0xff) >> shift & largest, rgb, 3 * x);
      shift -= bits;
      if (shift < 0) {
        shift = first;
        at++;
      }
    }
  }

  /** Writes a pixel's colour: red, green, blue. */
  void put(int pixel, byte[] rgb, int at) {
    if (palette.length > 0) {
      index(pixel, rgb, at);
    } else {
      mask(pixel, rgb, at);
    }
  }

  private void index(int pixel, byte[] rgb, int at) {
    rgb[at] = palette[3 * pixel];
    rgb[at + 1] = palette[3 * pixel + 1];
    rgb[at + 2] = palette[3 * pixel + 2];
  }

  private void mask(int pixel, byte[] rgb, int at) {
    int r = red.in(pixel);
    int g = green.in(pixel);
    int b = blue.in(pixel);
    if (alpha.isPresent()) {
      int opacity = alpha.get().in(pixel);
      visible |= opacity > 0;
      int white = 255 * (255 - opacity) + 127;
      r = (r * opacity + white) / 255;
      g = (g * opacity + white) / 255;
      b = (b * opacity + white) / 255;
    }
    rgb[at] = (byte) r;
    rgb[at + 1] = (byte) g;
    rgb[at + 2] = (byte) b;
  }
}
