package io.tagstream.job.flow;

import io.tagstream.schemas.ModelStatus;
import java.time.Instant;

/**
 * What the job says on {@code model-updates}.
 *
 * @param by who did it
 * @param reason why, for a person
 */
public record ModelNews(ModelStatus status, String version, String by, String reason, Instant at) {}
