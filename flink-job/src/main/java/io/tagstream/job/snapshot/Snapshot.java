package io.tagstream.job.snapshot;

import java.time.Instant;
import java.util.Optional;

/**
 * A checkpoint or savepoint that has all of its files.
 *
 * @param location what Flink resumes from
 * @param name its folder's
 * @param takenAt when it was begun, by its own record, which a copy has too; where it has none, as
 *     in releases before that record, when its last file was written. Its transactions are
 *     committed after that
 * @param damage why its metadata cannot be read; empty in a good one
 */
public record Snapshot(String location, String name, Instant takenAt, Optional<String> damage) {}
