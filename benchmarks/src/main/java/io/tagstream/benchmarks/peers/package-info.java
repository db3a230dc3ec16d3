/**
 * Probes of comparable programs, such as DJL with PyTorch. Their libraries are on the class path of
 * a probe's process only.
 */
package io.tagstream.benchmarks.peers;
