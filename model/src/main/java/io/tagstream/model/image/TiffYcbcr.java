package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

/**
 * Converts the YCbCr of a TIFF without JPEG compression, with the coefficients and reference ranges
 * that it declares.
 */
final class TiffYcbcr implements TiffColors.Converter {
  private static final double[] USUAL_COEFFICIENTS = {0.299, 0.587, 0.114};
  private static final double[] USUAL_RANGE = {0, 255, 128, 255, 128, 255};

  private final double red;
  private final double green;
  private final double blue;

  // The contribution of each luma value and of each chroma value.
  private final double[] luma = new double[256];
  private final double[] bluish = new double[256];
  private final double[] reddish = new double[256];

  TiffYcbcr(TiffDirectory directory) throws UnreadableImageException {
    double[] coefficients = values(directory, TiffDirectory.YCBCR_COEFFICIENTS, USUAL_COEFFICIENTS);
    red = coefficients[0];
    green = coefficients[1];
    blue = coefficients[2];
    double[] range = values(directory, TiffDirectory.REFERENCE_BLACK_WHITE, USUAL_RANGE);
    if (green <= 0 || range[0] == range[1] || range[2] == range[3] || range[4] == range[5]) {
      throw ImageFile.broken(TIFF, "an empty range of luma or chroma");
    }
    for (int sample = 0; sample < 256; sample++) {
      luma[sample] = (sample - range[0]) * 255 / (range[1] - range[0]);
      bluish[sample] = (sample - range[2]) * 127 / (range[3] - range[2]) * 2 * (1 - blue);
      reddish[sample] = (sample - range[4]) * 127 / (range[5] - range[4]) * 2 * (1 - red);
    }
  }

  private static double[] values(TiffDirectory directory, int tag, double[] usual)
      throws UnreadableImageException {
    if (directory.count(tag) < usual.length) {
      return usual;
    }
    double[] values = new double[usual.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = directory.fractionAt(tag, i);
    }
    return values;
  }

  @Override
  public int rgb(int y, int cb, int cr) {
    double r = luma[y] + reddish[cr];
    double b = luma[y] + bluish[cb];
    double g = (luma[y] - red * r - blue * b) / green;
    return eight(r) << 16 | eight(g) << 8 | eight(b);
  }

  private static int eight(double value) {
    return (int) Math.max(0, Math.min(255, value + 0.5));
  }
}
