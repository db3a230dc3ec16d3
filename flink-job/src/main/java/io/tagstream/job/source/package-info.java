/**
 * What the job reads from Kafka: {@link io.tagstream.job.source.KafkaSources} builds the sources,
 * {@link io.tagstream.job.source.OffsetGuard} and the split reader refuse to skip records silently.
 * Enumerator, reader and split state are the connector's; the guard's records are part of
 * snapshots. Records are passed on as bytes: decoding them belongs elsewhere.
 */
package io.tagstream.job.source;
