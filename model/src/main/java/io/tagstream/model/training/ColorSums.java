package io.tagstream.model.training;

import java.util.Collection;

/**
 * Sums over pixels, from which mean colours and covariance are computed. They are integers, so the
 * result depends neither on the order nor on threads.
 */
final class ColorSums {
  private static final int CHANNELS = 3;

  private final long pixels;

  /** By channel: red, green, blue. */
  private final long[] sums = new long[CHANNELS];

  /** Sums of products of two channels, at {@code [first * 3 + second]} for first ≤ second. */
  private final long[] products = new long[CHANNELS * CHANNELS];

  private ColorSums(long pixels) {
    this.pixels = pixels;
  }

  /** Sums over an image's RGB bytes. */
  static ColorSums of(byte[] rgb) {
    ColorSums colors = new ColorSums(rgb.length / CHANNELS);
    long red = 0;
    long green = 0;
    long blue = 0;
    long redRed = 0;
    long redGreen = 0;
    long redBlue = 0;
    long greenGreen = 0;
    long greenBlue = 0;
    long blueBlue = 0;
    for (int at = 0; at < rgb.length; at += CHANNELS) {
      long r = rgb[at] & 0xff;
      long g = rgb[at + 1] & 0xff;
      long b = rgb[at + 2] & 0xff;
      red += r;
      green += g;
      blue += b;
      redRed += r * r;
      redGreen += r * g;
      redBlue += r * b;
      greenGreen += g * g;
      greenBlue += g * b;
      blueBlue += b * b;
    }
    set(colors.sums, red, green, blue);
    set(colors.products, redRed, redGreen, redBlue, 0, greenGreen, greenBlue, 0, 0, blueBlue);
    return colors;
  }

  /** Adds up the sums of several images. */
  static ColorSums of(Collection<ColorSums> parts) {
    ColorSums all = new ColorSums(parts.stream().mapToLong(part -> part.pixels).sum());
    for (ColorSums part : parts) {
      add(all.sums, part.sums);
      add(all.products, part.products);
    }
    return all;
  }

  private static void set(long[] into, long... values) {
    System.arraycopy(values, 0, into, 0, values.length);
  }

  private static void add(long[] into, long[] values) {
    for (int i = 0; i < into.length; i++) {
      into[i] += values[i];
    }
  }

  /** A channel's mean, 0 to 1. */
  double mean(int channel) {
    return (double) sums[channel] / pixels / 255;
  }

  /** The covariance of two channels, scaled to 0 to 1; the variance if they are the same. */
  double covariance(int one, int other) {
    int first = Math.min(one, other);
    int second = Math.max(one, other);
    double product = (double) products[first * CHANNELS + second] / pixels / (255 * 255);
    return product - mean(first) * mean(second);
  }

  PrincipalColors principalColors() {
    double[][] covariance = new double[CHANNELS][CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
      for (int j = 0; j < CHANNELS; j++) {
        covariance[i][j] = covariance(i, j);
      }
    }
    return PrincipalColors.of(covariance);
  }
}
