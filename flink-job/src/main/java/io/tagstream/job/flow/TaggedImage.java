package io.tagstream.job.flow;

import java.time.Instant;
import java.util.List;

/**
 * An image's answer.
 *
 * @param modelVersion the version that gave it
 * @param tags best first: five, or as many as the model has classes
 * @param views crops whose answers were averaged
 * @param label null where the image carries none, as is {@code capturedAt}: an element holds no
 *     Optional
 * @param appendedAt the record's timestamp
 * @param predictedAt when the engine had answered
 */
public record TaggedImage(
    Coordinates source,
    String imageId,
    String label,
    String modelVersion,
    List<Tag> tags,
    int views,
    Instant capturedAt,
    Instant appendedAt,
    Instant decodedAt,
    Instant predictedAt) {}
