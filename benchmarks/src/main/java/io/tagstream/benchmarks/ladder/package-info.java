/**
 * Probes that add one part of the pipeline after the other, from the engine to exactly once, and
 * probes of the whole job under load.
 */
package io.tagstream.benchmarks.ladder;
