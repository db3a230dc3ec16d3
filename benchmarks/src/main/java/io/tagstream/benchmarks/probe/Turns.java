package io.tagstream.benchmarks.probe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures of several contenders that take turns. */
public final class Turns {
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  /** One turn of all contenders. */
  @FunctionalInterface
  public interface Turn<E extends Exception> {
    void take(Turns turns) throws E;
  }

  /** The medians of the task's count of turns, after the warm-up turns. */
  public static <E extends Exception> Map<String, Double> medians(ProbeTask task, Turn<E> turn)
      throws E {
    for (int i = 0; i < task.warmUp(); i++) {
      turn.take(new Turns());
    }
    Turns turns = new Turns();
    for (int i = 0; i < task.count(); i++) {
      turn.take(turns);
    }
    return turns.medians();
  }

  public void add(String name, double value) {
    values.computeIfAbsent(name, unused -> new ArrayList<>()).add(value);
  }

  /** The median of each contender's turns. */
  public Map<String, Double> medians() {
    Map<String, Double> medians = new LinkedHashMap<>();
    values.forEach((name, of) -> medians.put(name, median(of)));
    return medians;
  }

  /** The median; for an even number of values the mean of the middle two. */
  public static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
