package io.tagstream.job.flow;

import java.time.Instant;

/**
 * An image that was decoded, and the coordinates of its bytes.
 *
 * @param at when its record arrived
 */
public record SeenImage(String imageId, Coordinates source, Instant at) {}
