/**
 * What the job writes to Kafka, exactly once: {@link io.tagstream.job.sink.KafkaSinks} builds the
 * sinks, the {@code …Records} classes serialize. The wrappers around Kafka's sink wait out an
 * outage, judge commits that failed and report losses; their committables are part of snapshots.
 * Nothing here knows how a prediction is computed.
 */
package io.tagstream.job.sink;
