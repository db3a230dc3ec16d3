package io.tagstream.benchmarks;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * {@code bench.json}.
 *
 * @param machine processor, how many, and Java, in words
 * @param images what was measured with, in words
 * @param rounds of the ladder and the peers
 * @param figures by probe, by name
 */
record Report(
    Instant at,
    String machine,
    String images,
    int rounds,
    Map<String, Map<String, Double>> figures,
    List<Target> targets) {}
