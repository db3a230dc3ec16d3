package io.tagstream.job.flow;

/**
 * A label and the coordinates of its image.
 *
 * @param image from the label's sender or from this job's state; not verified yet
 */
public record PlacedLabel(GivenLabel label, Coordinates image) {}
