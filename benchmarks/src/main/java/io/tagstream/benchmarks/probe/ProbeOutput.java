package io.tagstream.benchmarks.probe;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes and reads figures as lines of a probe's output, among lines that libraries print. */
final class ProbeOutput {
  private static final String MARK = "figure";
  private static final String SEPARATOR = "\t";

  private ProbeOutput() {}

  static String line(String name, double value) {
    return String.join(SEPARATOR, MARK, name, Double.toString(value));
  }

  static Map<String, Double> parse(List<String> lines) {
    Map<String, Double> figures = new LinkedHashMap<>();
    for (String line : lines) {
      String[] parts = line.split(SEPARATOR, -1);
      if (parts.length == 3 && parts[0].equals(MARK)) {
        figures.put(parts[1], Double.valueOf(parts[2]));
      }
    }
    return figures;
  }
}
