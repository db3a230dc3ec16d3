package io.tagstream.job.snapshot;

import java.time.Instant;

/**
 * A whole checkpoint or savepoint.
 *
 * @param location what Flink resumes from
 * @param name its folder's
 * @param completedAt when its last file was written; its transactions are committed after that
 */
public record Snapshot(String location, String name, Instant completedAt) {}
