package io.tagstream.job.flow;

/**
 * A label and the record at the coordinates of its image.
 *
 * @param record not decoded yet, so it may hold another image
 */
public record LabelledRecord(GivenLabel label, IncomingRecord record) {}
