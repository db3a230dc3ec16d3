package io.tagstream.model.training;

/**
 * A change of colours that is the same for all pixels of a picture: a channel's new value is {@code
 * own} times its old one, plus {@code luma} times the pixel's luma, plus {@code mean} times the
 * picture's mean luma, plus an offset.
 *
 * @param red offset in levels of 256
 * @param green offset in levels of 256
 * @param blue offset in levels of 256
 */
record ColorChange(double own, double luma, double mean, double red, double green, double blue) {
  /**
   * Fixed point. 255 levels times factors up to 8, as 16 bits leave room for, stay within an int.
   */
  private static final int BITS = 16;

  private static final int ONE = 1 << BITS;

  /** ITU-R BT.601's weights of red, green and blue, in 65536ths. */
  private static final int[] LUMA = {19595, 38470, 7471};

  /** Adds to each channel: red, green and blue, in levels of 256. */
  static ColorChange shift(double[] levels) {
    return new ColorChange(1, 0, 0, levels[0], levels[1], levels[2]);
  }

  /**
   * Saturation, the distance from the pixel's own grey, then contrast, the distance from the
   * picture's mean grey, then brightness; 1 leaves each as it is.
   */
  static ColorChange jitter(double brightness, double contrast, double saturation) {
    double both = brightness * contrast;
    return new ColorChange(
        both * saturation, both * (1 - saturation), brightness * (1 - contrast), 0, 0, 0);
  }

  /**
   * Changes a picture and, if asked, mirrors it.
   *
   * @param pixels {@code [side][side][3]} RGB, left as they are
   * @return the same shape, rounded, cut to 0 to 255
   */
  byte[] apply(byte[] pixels, int side, boolean flip) {
    byte[] changed = new byte[pixels.length];
    int ownFactor = fixed(own);
    int lumaFactor = fixed(luma);
    double common = mean == 0 ? 0 : mean * meanLuma(pixels);
    int addRed = fixed(common + red) + ONE / 2;
    int addGreen = fixed(common + green) + ONE / 2;
    int addBlue = fixed(common + blue) + ONE / 2;
    int step = flip ? -3 : 3;
    for (int row = 0; row < side; row++) {
      int at = row * side * 3;
      int to = flip ? at + (side - 1) * 3 : at;
      for (int column = 0; column < side; column++, at += 3, to += step) {
        int r = pixels[at] & 0xff;
        int g = pixels[at + 1] & 0xff;
        int b = pixels[at + 2] & 0xff;
        int grey = (LUMA[0] * r + LUMA[1] * g + LUMA[2] * b + 32768) >> 16;
        int both = lumaFactor * grey;
        changed[to] = clamp(ownFactor * r + both + addRed);
        changed[to + 1] = clamp(ownFactor * g + both + addGreen);
        changed[to + 2] = clamp(ownFactor * b + both + addBlue);
      }
    }
    return changed;
  }

  private static double meanLuma(byte[] pixels) {
    long red = 0;
    long green = 0;
    long blue = 0;
    for (int at = 0; at < pixels.length; at += 3) {
      red += pixels[at] & 0xff;
      green += pixels[at + 1] & 0xff;
      blue += pixels[at + 2] & 0xff;
    }
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue) / 65536.0 * 3 / pixels.length;
  }

  private static int fixed(double number) {
    return (int) Math.round(number * ONE);
  }

  private static byte clamp(int fixed) {
    return (byte) Math.max(0, Math.min(255, fixed >> BITS));
  }
}
