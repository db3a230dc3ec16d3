package io.tagstream.settings;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The name a user most likely meant. */
public final class NearestName {
  private NearestName() {}

  /**
   * The candidate with the fewest edits from {@code name}. The beginning of a candidate may match
   * as well, which counts as one edit more. Empty only when there are no candidates.
   */
  public static Optional<String> of(String name, Collection<String> candidates) {
    String nearest = "";
    int fewest = Integer.MAX_VALUE;
    for (String candidate : candidates) {
      String typed = name.toLowerCase(Locale.ROOT);
      String known = candidate.toLowerCase(Locale.ROOT);
      int edits = edits(typed, known);
      if (typed.length() > 2 && typed.length() < known.length()) {
        edits = Math.min(edits, edits(typed, known.substring(0, typed.length())) + 1);
      }
      if (edits < fewest) {
        fewest = edits;
        nearest = candidate;
      }
    }
    return nearest.isEmpty() ? Optional.empty() : Optional.of(nearest);
  }

  /** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
  private static int edits(String from, String to) {
    int[][] cost = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int substitution = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
        int least =
            Math.min(
                cost[i - 1][j - 1] + substitution, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          least = Math.min(least, cost[i - 2][j - 2] + 1);
        }
        cost[i][j] = least;
      }
    }
    return cost[from.length()][to.length()];
  }
}
