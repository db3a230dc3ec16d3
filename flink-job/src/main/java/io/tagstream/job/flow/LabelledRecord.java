package io.tagstream.job.flow;

/**
 * A label and the record that was found where its image should lie.
 *
 * @param record of whatever image: its id has not been looked at
 */
public record LabelledRecord(GivenLabel label, IncomingRecord record) {}
