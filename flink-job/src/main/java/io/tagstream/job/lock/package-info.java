/**
 * One job per name on a Kafka cluster: {@link io.tagstream.job.lock.JobName} takes or keeps the
 * name by membership in a consumer group. Only the job's start and {@link
 * io.tagstream.job.lock.NameLockOperator} use it; it knows nothing of snapshots and records.
 */
package io.tagstream.job.lock;
