package io.tagstream.cli.models;

import java.util.Locale;

/** Formats shares as percentages. */
final class Percent {
  private Percent() {}

  /**
   * A share in per cent, with one decimal.
   *
   * @param share 0 to 1
   */
  static String text(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
