package io.tagstream.job.flow;

import java.time.Instant;

/**
 * An image that was seen, and where its bytes are.
 *
 * @param at when its record came
 */
public record SeenImage(String imageId, Coordinates source, Instant at) {}
