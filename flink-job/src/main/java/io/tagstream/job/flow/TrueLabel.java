package io.tagstream.job.flow;

import java.time.Instant;

/**
 * The label that a person or a producer gave an image.
 *
 * @param label normalized by {@link io.tagstream.schemas.LabelText}
 * @param origin why it was labelled: a word of {@link io.tagstream.schemas.LabelOrigin}, or one of
 *     a later version
 * @param at when the record that carried the label was appended
 */
public record TrueLabel(String label, String origin, Instant at) {}
