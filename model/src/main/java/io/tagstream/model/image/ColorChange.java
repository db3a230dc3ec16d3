package io.tagstream.model.image;

/**
 * A colour change that is the same for all pixels of an image: a channel's new value is {@code own}
 * times its old one, plus {@code luma} times the pixel's luma, plus {@code mean} times the image's
 * mean luma, plus an offset; rounded and clipped to 0 to 255.
 *
 * @param red offset in levels of 256
 * @param green offset in levels of 256
 * @param blue offset in levels of 256
 */
public record ColorChange(
    double own, double luma, double mean, double red, double green, double blue) {

  /** The identity. */
  public static final ColorChange NONE = new ColorChange(1, 0, 0, 0, 0, 0);

  /** ITU-R BT.601's weights of red, green and blue. */
  private static final double[] LUMA = {0.299, 0.587, 0.114};

  /** Adds an offset to each channel, in levels of 256. */
  public static ColorChange shift(double red, double green, double blue) {
    return new ColorChange(1, 0, 0, red, green, blue);
  }

  /**
   * Scales saturation (the distance from the pixel's own grey), then contrast (the distance from
   * the image's mean grey), then brightness; a factor of 1 changes nothing.
   */
  public static ColorChange jitter(double brightness, double contrast, double saturation) {
    double both = brightness * contrast;
    return new ColorChange(
        both * saturation, both * (1 - saturation), brightness * (1 - contrast), 0, 0, 0);
  }

  /**
   * The change as a 3 × 4 matrix, row by row, that maps (red, green, blue, 1) to (red, green,
   * blue).
   *
   * @param means the image's mean red, green and blue
   */
  float[] matrix(double[] means) {
    double common = 0;
    for (int channel = 0; channel < 3; channel++) {
      common += mean * LUMA[channel] * means[channel];
    }
    double[] offsets = {red, green, blue};
    float[] matrix = new float[3 * 4];
    for (int row = 0; row < 3; row++) {
      for (int channel = 0; channel < 3; channel++) {
        matrix[row * 4 + channel] = (float) (luma * LUMA[channel] + (row == channel ? own : 0));
      }
      matrix[row * 4 + 3] = (float) (common + offsets[row]);
    }
    return matrix;
  }
}
