package io.tagstream.benchmarks;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * A ratio that Tagstream should reach on two processors.
 *
 * @param wanted the minimum, or the maximum if less is better
 * @param measured empty if the run did not measure it
 * @param full whether the run was a full one, in which a target without a figure is missed
 */
record Target(String name, double wanted, Better better, OptionalDouble measured, boolean full) {
  private static final String MISSED = "missed";
  private static final String FULL_RUN = "full-run-only";

  enum Better {
    MORE,
    LESS
  }

  /** {@code target NAME wanted X measured Y met|missed|full-run-only}. */
  String line() {
    return "target %s wanted %s measured %s %s"
        .formatted(name, wantedText(), measuredText(), verdict());
  }

  String wantedText() {
    return number(wanted);
  }

  String measuredText() {
    return measured.isPresent() ? number(measured.getAsDouble()) : "-";
  }

  String verdict() {
    if (measured.isEmpty()) {
      return full ? MISSED : FULL_RUN;
    }
    boolean met =
        better == Better.MORE ? measured.getAsDouble() >= wanted : measured.getAsDouble() <= wanted;
    return met ? "met" : MISSED;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
