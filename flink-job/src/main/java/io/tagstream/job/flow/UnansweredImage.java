package io.tagstream.job.flow;

import java.time.Instant;

/**
 * An image on which the engine fails. Its record is read again for the rejection.
 *
 * @param recordBytes the size of the record's value
 * @param reason the cause, readable for a person
 * @param at when the engine failed on it
 */
public record UnansweredImage(
    Coordinates source, String imageId, int recordBytes, String reason, Instant at) {}
