package io.tagstream.job.flow;

import java.time.Instant;
import java.util.List;

/**
 * An image with its prediction.
 *
 * @param modelVersion the version that predicted
 * @param tags best first: five, or as many as the model has classes
 * @param views the number of crops whose probabilities were averaged
 * @param label null if the image carries none, like {@code capturedAt}: a Flink element cannot hold
 *     an Optional
 * @param appendedAt the record's timestamp
 * @param predictedAt when the engine had computed the batch
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
