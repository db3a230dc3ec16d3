package io.tagstream.job.flow;

import java.time.Instant;

/**
 * What an image shows, as somebody said.
 *
 * @param label as {@link io.tagstream.schemas.LabelText} has it
 * @param origin why it was labelled: a {@link io.tagstream.schemas.LabelOrigin}'s word, or one that
 *     a later version knows
 * @param at when the record that carried the label was appended
 */
public record TrueLabel(String label, String origin, Instant at) {}
