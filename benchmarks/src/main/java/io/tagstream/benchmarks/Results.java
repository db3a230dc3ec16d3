package io.tagstream.benchmarks;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.Turns;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The figures of all probes, as medians of the rounds. */
final class Results {
  private final Map<Class<? extends Probe>, Turns> byProbe = new LinkedHashMap<>();

  void add(Class<? extends Probe> probe, Map<String, Double> figures) {
    Turns turns = byProbe.computeIfAbsent(probe, unused -> new Turns());
    figures.forEach(turns::add);
  }

  /** All figures of a probe; empty if it did not run. */
  Map<String, Double> of(Class<? extends Probe> probe) {
    return byProbe.getOrDefault(probe, new Turns()).medians();
  }

  /** One figure; empty if it was not measured. */
  OptionalDouble get(Class<? extends Probe> probe, String figure) {
    Double value = of(probe).get(figure);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /** The sum of a probe's figures whose names begin with {@code before} and one of the words. */
  OptionalDouble sum(Class<? extends Probe> probe, String before, List<String> words) {
    double[] values =
        of(probe).entrySet().stream()
            .filter(
                figure ->
                    words.stream().anyMatch(word -> figure.getKey().startsWith(before + word)))
            .mapToDouble(Map.Entry::getValue)
            .toArray();
    return values.length == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(Arrays.stream(values).sum());
  }

  /** All figures, by name of the probe, then by name of the figure. */
  Map<String, Map<String, Double>> all() {
    Map<String, Map<String, Double>> all = new LinkedHashMap<>();
    byProbe.forEach((probe, turns) -> all.put(probe.getSimpleName(), turns.medians()));
    return all;
  }

  /** The ratio of two figures; empty if one of them is. */
  static OptionalDouble ratio(OptionalDouble of, OptionalDouble to) {
    return of.isPresent() && to.isPresent()
        ? OptionalDouble.of(of.getAsDouble() / to.getAsDouble())
        : OptionalDouble.empty();
  }
}
