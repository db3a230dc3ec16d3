/**
 * Probes of engines, decoders and training steps, without Flink and Kafka. They may use the model's
 * internals; no probe knows the report.
 */
package io.tagstream.benchmarks.engines;
