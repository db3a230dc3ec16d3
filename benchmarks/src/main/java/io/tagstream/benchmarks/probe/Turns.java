package io.tagstream.benchmarks.probe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What contenders reached in turns. */
public final class Turns {
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  public void add(String name, double value) {
    values.computeIfAbsent(name, unused -> new ArrayList<>()).add(value);
  }

  /** The median of each one's turns. */
  public Map<String, Double> medians() {
    Map<String, Double> medians = new LinkedHashMap<>();
    values.forEach((name, of) -> medians.put(name, median(of)));
    return medians;
  }

  /** Of an even number the mean of the two in the middle. */
  public static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
