package io.tagstream.job.flow;

/**
 * A label and where its image should lie.
 *
 * @param image as the label's sender or this job's own memory has it: nothing is known of it yet
 */
public record PlacedLabel(GivenLabel label, Coordinates image) {}
