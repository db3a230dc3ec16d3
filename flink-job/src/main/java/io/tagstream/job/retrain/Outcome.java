package io.tagstream.job.retrain;

import io.tagstream.schemas.ModelStatus;
import java.time.Instant;

/**
 * How a run ended.
 *
 * @param status promoted; candidate, when the version is kept but does not go live; rejected
 * @param reason why, for a person
 */
public record Outcome(String version, ModelStatus status, String reason, Instant at) {}
