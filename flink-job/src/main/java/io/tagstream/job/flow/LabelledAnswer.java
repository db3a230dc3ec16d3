package io.tagstream.job.flow;

import java.time.Instant;

/**
 * A model's answer on an image whose label is known.
 *
 * @param modelVersion the version that answered
 * @param label what the image shows
 * @param answer the label of the first tag
 * @param origin why the image was labelled: a word of {@code LabelOrigin}, or a later one
 * @param labelledAt the timestamp of the record that carried the label
 */
public record LabelledAnswer(
    String modelVersion, String label, String answer, String origin, Instant labelledAt) {}
