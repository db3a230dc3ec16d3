package io.tagstream.benchmarks.probe;

import java.util.Map;

/** A measurement that runs in a separate process. */
@FunctionalInterface
public interface Probe {

  /**
   * Does the work and measures it.
   *
   * @return figures by name; the name contains the unit
   */
  Map<String, Double> measure(ProbeTask task) throws Exception;
}
