/**
 * Which checkpoint or savepoint a job resumes from, and when a start refuses to: {@link
 * io.tagstream.job.snapshot.SnapshotFolder} lists them, {@link
 * io.tagstream.job.snapshot.ResumeDecision} decides. It reads Flink's metadata but submits nothing,
 * and knows nothing of the operators.
 */
package io.tagstream.job.snapshot;
