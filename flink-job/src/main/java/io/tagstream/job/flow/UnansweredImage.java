package io.tagstream.job.flow;

import java.time.Instant;

/**
 * An image on which the engine fails, on its way to become a rejection: its record is read again
 * for that.
 *
 * @param recordBytes the size of the record's value
 * @param reason why, for a person
 * @param at when the engine had failed on it
 */
public record UnansweredImage(
    Coordinates source, String imageId, int recordBytes, String reason, Instant at) {}
