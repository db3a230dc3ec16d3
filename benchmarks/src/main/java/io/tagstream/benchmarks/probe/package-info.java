/**
 * The framework of probes: each runs in a separate JVM and prints its figures. It knows no concrete
 * probe.
 */
package io.tagstream.benchmarks.probe;
