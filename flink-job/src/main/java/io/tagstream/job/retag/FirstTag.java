package io.tagstream.job.retag;

import io.tagstream.job.flow.Coordinates;

/**
 * What was said of an image before.
 *
 * @param source the image's record
 * @param modelVersion who said it
 * @param label its best tag
 */
public record FirstTag(Coordinates source, String modelVersion, String label) {}
