package io.tagstream.benchmarks;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The content of {@code bench.json}.
 *
 * @param machine processor, number of processors, and Java
 * @param images description of the images
 * @param rounds number of rounds of the ladder and the peers
 * @param figures by name of the probe, then by name of the figure
 */
record Report(
    Instant at,
    String machine,
    String images,
    int rounds,
    Map<String, Map<String, Double>> figures,
    List<Target> targets) {}
