package io.tagstream.benchmarks.probe;

import java.util.Map;

/** Something that is measured in a process of its own. */
@FunctionalInterface
public interface Probe {

  /**
   * Does the work and says what it took.
   *
   * @return numbers by name, each with its unit in the name
   */
  Map<String, Double> measure(ProbeTask task) throws Exception;
}
