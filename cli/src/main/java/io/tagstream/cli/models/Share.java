package io.tagstream.cli.models;

import java.util.Locale;

/** A share as people read it. */
final class Share {
  private Share() {}

  /**
   * In per cent, with one decimal.
   *
   * @param share 0 to 1
   */
  static String text(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
