package io.tagstream.job.flow;

import java.time.Instant;

/**
 * A model's prediction of an image whose label is known.
 *
 * @param modelVersion the version that predicted
 * @param label the true label
 * @param answer the label of the first tag
 * @param origin why the image was labelled: a word of {@code LabelOrigin}, or one of a later
 *     version
 * @param labelledAt the timestamp of the record that carried the label
 */
public record LabelledAnswer(
    String modelVersion, String label, String answer, String origin, Instant labelledAt) {}
