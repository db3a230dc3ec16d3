package io.tagstream.job.snapshot;

import java.time.Instant;
import java.util.Optional;

/**
 * A complete checkpoint or savepoint.
 *
 * @param location the path that Flink resumes from
 * @param name the name of its folder
 * @param takenAt when it was begun, as recorded in its metadata, which a copy shares; for earlier
 *     releases, which have no record, when its last file was written. Its transactions are
 *     committed later
 * @param damage why its metadata cannot be read; empty if it can
 */
public record Snapshot(String location, String name, Instant takenAt, Optional<String> damage) {}
