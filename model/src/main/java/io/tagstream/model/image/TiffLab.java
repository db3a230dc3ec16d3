package io.tagstream.model.image;

/** CIE L*a*b* under D50, with a and b as signed numbers or, as in ICC, offset by half the range. */
final class TiffLab implements TiffColors.Converter {
  // The white point D50.
  private static final double WHITE_X = 0.96422;
  private static final double WHITE_Z = 0.82521;

  /** From XYZ under D50 to linear sRGB, adapted to D65 by Bradford's method (Lindbloom). */
  private static final double[][] TO_SRGB = {
    {3.1338561, -1.6168667, -0.4906146},
    {-0.9787684, 1.9161415, 0.0334540},
    {0.0719453, -0.2289914, 1.4052427}
  };

  private static final int STEPS = 1 << 12;
  private static final byte[] GAMMA = gamma();

  private final boolean icc;
  private final boolean wide;

  TiffLab(boolean icc, boolean wide) {
    this.icc = icc;
    this.wide = wide;
  }

  private static byte[] gamma() {
    byte[] gamma = new byte[STEPS + 1];
    for (int i = 0; i <= STEPS; i++) {
      double linear = (double) i / STEPS;
      double value =
          linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.pow(linear, 1 / 2.4) - 0.055;
      gamma[i] = (byte) Math.round(255 * value);
    }
    return gamma;
  }

  @Override
  public int rgb(int first, int second, int third) {
    double lightness = first * 100.0 / (wide ? icc ? 0xff00 : 0xffff : 0xff);
    double fy = (lightness + 16) / 116;
    double x = WHITE_X * cubed(fy + signed(second) / 500);
    double y = cubed(fy);
    double z = WHITE_Z * cubed(fy - signed(third) / 200);
    return channel(TO_SRGB[0], x, y, z) << 16
        | channel(TO_SRGB[1], x, y, z) << 8
        | channel(TO_SRGB[2], x, y, z);
  }

  private double signed(int sample) {
    if (icc) {
      return (wide ? sample / 256.0 : sample) - 128;
    }
    return wide ? (short) sample / 256.0 : (byte) sample;
  }

  private static double cubed(double value) {
    return value > 6.0 / 29 ? value * value * value : (value - 4.0 / 29) * 108 / 841;
  }

  private static int channel(double[] row, double x, double y, double z) {
    double linear = row[0] * x + row[1] * y + row[2] * z;
    return GAMMA[(int) (STEPS * Math.max(0, Math.min(1, linear)) + 0.5)] & 0xff;
  }
}
