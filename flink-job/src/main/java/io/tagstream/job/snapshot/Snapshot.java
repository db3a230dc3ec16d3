package io.tagstream.job.snapshot;

import java.time.Instant;

/**
 * A whole checkpoint or savepoint.
 *
 * @param location what Flink resumes from
 * @param completedAt when its last file was written
 * @param finishedStop whether a stop wrote it, which commits every transaction; else it is a
 *     checkpoint, whose transactions were to be committed after it
 */
public record Snapshot(String location, Instant completedAt, boolean finishedStop) {}
