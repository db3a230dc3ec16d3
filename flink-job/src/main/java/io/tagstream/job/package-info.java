/**
 * The entry points of the job: its command, its options for Flink, the topology ({@link
 * io.tagstream.job.TagstreamJob}) and the Flink cluster in this process ({@link
 * io.tagstream.job.RunningJob}). This package may use every other package of the job; no other
 * package may use it, except {@code retag}, which shares its options.
 */
package io.tagstream.job;
